// Package sbom holds the inventory of a container image: its layers, every
// component in them, the files that matter for trust, and the gaps where
// nothing could be said. All other packages of imagetrust speak in its types.
//
// # The model
//
// An [Inventory] describes exactly one [Subject]. A [Component] says what is
// there, an [Attribution] which layer brought it, changed it and took it away,
// and [Evidence] how that is known and how sure it is. A [File] says who owns
// an executable and whether its bytes are still those its package recorded. A
// [Gap] says what looked relevant and was not understood: not checked is never
// clean.
//
// Package catalog fills an Inventory from an image; packages cyclonedx and spdx
// turn it into documents and back.
//
// # Stability
//
// The types are plain structs with stable JSON names. An Inventory whose
// [Inventory.Sort] was called encodes to the same bytes for the same image, on
// any machine and with any parallelism; component ids are derived from content
// (see [ComponentID]).
package sbom
