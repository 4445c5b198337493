// Package document holds what the readers and writers of SBOM documents share:
// limits on hostile input, and the overlay, which carries in a document what the
// document's own fields cannot say.
//
// # The overlay
//
// A writer maps an inventory to the fields that the format has, then reads its
// own mapping back in memory and compares the result with the inventory, leaf
// by leaf. Every leaf that differs is written as a [sbom.Property] in the
// "imagetrust:" namespace. A reader maps the fields in the same way and then
// applies these properties. So the two directions cannot drift apart, whatever
// the version of the format can express, and nothing is said twice.
//
// The names of the properties are those of the field tables in this package:
//
//	imagetrust:scope                     a leaf of the component
//	imagetrust:source:version            a leaf of a part of it
//	imagetrust:evidence:0:detector       a leaf of an element of a list
//	imagetrust:evidence:count            a list is shorter than the fields say
//	imagetrust:property:NAME             a property whose name or value the format cannot carry
//
// Layers are written as "INDEX DIFFID". A value that begins with a quotation mark
// is a Go string literal of ASCII characters: it holds what text formats cannot
// carry, such as control characters.
package document
