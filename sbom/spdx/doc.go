// Package spdx writes an inventory as an SPDX document and reads such documents,
// its own and those of other tools.
//
// It writes SPDX 2.3 (the default) and 2.2 as JSON and tag-value, and SPDX 3.0.1 as
// JSON-LD, and reads 2.1 to 2.3 and 3.0. Documents are read and written an element at a
// time: writing takes a few hundred bytes of memory for each component, and reading
// little more than the inventory.
//
// # What stands where
//
//   - The document describes one package, the image: purpose CONTAINER, name, the
//     manifest's digest as version and checksum, package URL pkg:oci. A root file
//     system has purpose FILE.
//   - Components are packages with the component's id as SPDX identifier. The
//     image CONTAINS those that are part of it. Those that are not, because they
//     are only declared, a fixture, a residue, or removed or of the build
//     (Options.Hidden), are related to it by OTHER with a comment that says why.
//   - The distribution is a package of purpose OPERATING_SYSTEM.
//   - Executables (Options.Files) are packages of purpose FILE in 2.2 and 2.3, because
//     an SPDX 2 file must have a SHA-1, and software_File elements in 3.0.1. So are
//     components of type "file" without a SHA-1.
//   - depends-on and contains relationships are DEPENDS_ON and CONTAINS; owns is
//     OTHER with the type in the comment. Types of SPDX that the inventory has no word
//     for are "spdx:" and their name in SPDX 2.3, or in 3.0.1 where 2.3 has none.
//   - Declared licence statements are joined by AND in the declared licence, and
//     concluded ones in the concluded; one that is no SPDX expression is an extracted
//     licence. Those that were found in files are the package's licence information
//     from files where its files were analyzed (the property spdx:filesAnalyzed), as
//     the specification demands, and in the annotation of all others.
//   - References of type "distribution" and "website" are the download location and the
//     home page.
//   - SPDX 2.2 has no purpose: the type of a component is in its annotation.
//   - The source package is in the source information, in Trivy's words.
//   - The namespace is derived from the content and the date is the inventory's
//     Created, so that the same inventory gives the same bytes. SPDX demands a date:
//     it is 1970-01-01T00:00:00Z where Created is zero.
//
// # Annotations
//
// What SPDX has no field for stands in one annotation of each package, and of the
// document, made by "Tool: imagetrust". Its first line is "imagetrust:schema=1",
// and every other line is NAME=VALUE with the properties that package cyclonedx
// documents, and the component's own properties. A name that contains "=" is a
// quoted string.
//
// # Losses
//
// Because annotations can say everything, only what the options leave out is lost
// (files, and components that were removed or took part in the build), relationships
// with an end that is not written, and times whose year does not have four digits.
// [Encode] reports each kind with its number; whatever it does not report comes back
// from [Decode] as it was.
//
// # One document for all readers
//
// A document that readers could understand differently is refused with ErrFormat: an
// object with two members of one name, in whatever case, and a document of SPDX 2 and 3
// in one. Of tags of tag-value that a package has twice, the last one counts and the
// others are losses. The property imagetrust:role counts only for what is nothing but a
// file or a distribution.
//
// # Documents of other tools
//
// The one package that a document describes is the image, unless the document
// holds nothing else. Package URLs, CPEs, checksums, suppliers and licences are
// read from the standard fields, and from what Syft and Trivy write into source
// information, attribution texts, annotations and comments: files and layers that
// show a package, source packages, image ids. Files become components of type
// "file". Licences of SPDX 3 are read in their simple and in their expanded form, and
// elements that stand in the place of a reference as if they were listed.
//
// What a package or a file says and a component has no field for is a property, from
// which Encode writes the field again: "spdx:" and the name in SPDX 2.3 JSON, in the
// singular for lists, such as "spdx:comment", "spdx:originator" or "spdx:annotation".
// Values with parts are JSON objects. An extracted licence is a property of the first
// component that refers to it.
//
// What an inventory has no place for is told in DecodeOptions.Losses: snippets,
// reviews, references to other documents, vulnerabilities and other elements of SPDX 3,
// comments of relationships, relationships with an end that is no component, and what
// is said about the document or the image itself. The document's own identity, its
// namespace, is not counted.
//
// Evidence whose confidence the document does not state has confidence 0, and a
// layer that the document does not list has index -1. Identifiers that are not
// unique or lead nowhere, and package URLs that do not parse, are kept and
// reported as gaps. Every component has a property imagetrust:pointer: where in
// the document it stands, as a JSON pointer (RFC 6901), or as "line N" of
// tag-value.
package spdx
