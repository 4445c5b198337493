// Package cyclonedx writes an inventory as a CycloneDX document and reads such
// documents, its own and those of other tools.
//
// It writes the versions 1.4, 1.5, 1.6 (the default) and 1.7 as JSON and XML,
// valid against the official schemas whatever the inventory holds, and reads
// every version from 1.2 on.
//
// # What stands where
//
//   - metadata.component is the image: type "container", name, the manifest's
//     digest as version and hash, package URL pkg:oci. Its bom-ref is "subject". A
//     root file system is of type "file".
//   - metadata.lifecycles is "post-build" from 1.5 on, when layers with a diffID
//     are known: only a built image has them.
//   - components are those of the squashed view, one flat list with the
//     component's id as bom-ref. What is not part of the image, because it is only
//     declared, a fixture, a residue, or removed or of the build (Options.Hidden),
//     has scope "excluded"; vendored components have none, like installed ones.
//   - The distribution is a component of type "operating-system".
//   - Executables (Options.Files) are components of type "file".
//   - depends-on relationships are dependencies; contains and owns are properties,
//     because nested components cannot be contained twice and most readers do not
//     count them.
//   - Licences say from 1.6 on whether they are declared or concluded. Those that were
//     found in files are evidence.licenses.
//   - References are externalReferences; what a version has no type for is "other".
//   - Evidence is evidence.identity (from 1.6 on a list, in 1.5 the first) and
//     evidence.occurrences; 1.4 has neither of them.
//   - serialNumber is derived from the inventory and the options, and timestamp is
//     the inventory's Created, left out when it is zero: the same inventory gives
//     the same bytes.
//
// Both directions go through the document an element at a time. Beside the
// inventory they need memory for one component and for the references: measured on
// packages of a distribution, 70 bytes a component to write and 110 to read.
//
// # Properties
//
// What CycloneDX has no field for, or none in the version written, is a property
// whose name begins with "imagetrust:". A property is written only where the
// fields do not say the same. Layers are "INDEX DIFFID"; a value that begins with
// a quotation mark is a Go string literal. On a component:
//
//	imagetrust:introduced, modified, removed     layers (Attribution)
//	imagetrust:visible                           "false" if it is not in the image
//	imagetrust:scope                             declared, bundled, fixture, residual, build
//	imagetrust:architecture
//	imagetrust:source:name, :version             the source package
//	imagetrust:files:owned, :present, :missing, :modified, :verified
//	imagetrust:evidence:N:field, :technique, :confidence, :value, :path, :layer, :detector
//	imagetrust:license:N:expression, :name, :location, :acknowledgement, :confidence
//	imagetrust:reference:N:type, :url, :comment, :hash:M
//	imagetrust:cpe:N, imagetrust:hash:N          beyond the first CPE; other algorithms
//	imagetrust:LIST:count                        a list is shorter than the fields say
//	imagetrust:relationship:TYPE                 the bom-ref of the other component
//	imagetrust:property:NAME                     a property whose name or value needs quoting
//	imagetrust:id, type, purl, group, name, version, supplier, description, copyright
//	                                             only where the field cannot carry the value
//	imagetrust:role                              "distribution" or "file": no component of the inventory
//
// On a file: imagetrust:layer, mode (Go's fs.FileMode, octal), size, kind, owner,
// claim, integrity, capabilities, recorded and digest:N. On the metadata:
//
//	imagetrust:schema                            "1", the version of this taxonomy
//	imagetrust:subject:name, :digest, :index, :config, :mediaType, :os, :architecture, :variant, :osVersion
//	imagetrust:distribution:id, :idLike:N, :versionID, :codename, :name
//	imagetrust:layer:N:index, :diffID, :digest, :size, :uncompressedSize, :mediaType, :createdBy, :created
//	imagetrust:gap:N:kind, :path, :layer, :component, :detector, :message
//	imagetrust:tool:N:vendor, :name, :version
//	imagetrust:created
//
// # Losses
//
// Because properties can say everything, only what the options leave out is lost
// (files, and components that were removed or took part in the build), relationships
// with an end that is not written, and times whose year does not have four digits.
// [Encode] reports each kind with its number; whatever it does not report comes back
// from [Decode] as it was.
//
// Decode loses nothing that is said about components. What a component of an
// inventory has no field for (author, publisher, pedigree, texts of licences,
// hashes of other algorithms, and whatever else) is kept as a property whose name
// begins with "cyclonedx:", with the name of the field in CycloneDX JSON and its
// value as JSON, or as text where it is one. cyclonedx:dependencyOf, with the value
// "subject", is kept with components on which the image itself depends. Encode
// writes these as the fields again where it can vouch that the document is valid:
// author, authors, publisher, supplier, manufacturer, mime-type, scope, swid, tags, hashes,
// licences with URL and text, also those of the evidence, externalReferences, and the
// notices of the evidence. The others stay properties.
//
// What is said about anything else is reported in DecodeOptions.Losses, named as in
// the document: vulnerabilities, services, compositions, annotations, formulation,
// metadata.authors, subject.description and so on. So are members of objects of a JSON
// document that CycloneDX does not have, by their names: components.x, and
// components.licenses.license.x. The relationship "provides" is one of that type.
//
// # One document for all readers
//
// A document that readers could understand differently is refused with ErrFormat: an
// object with two members of one name, in whatever case, and an XML element with two
// children or attributes of a name that may be there once. XML elements of other
// namespaces are losses, whatever they are called. The property imagetrust:role counts
// only for what is nothing but a file or a distribution.
//
// # Documents of other tools
//
// Decode maps the standard fields, and the properties in which Syft
// (syft:location, syft:cpe23, syft:metadata:source, syft:distro) and Trivy
// (SrcName, SrcVersion, LayerDiffID, FilePath, ImageID, RepoDigest, DiffID) say
// more; the properties themselves are kept too. Nested components become a flat
// list with contains relationships. The distribution is the first
// operating-system component, or else named by a package URL. Evidence whose
// confidence the document does not state has confidence 0, and a layer that the
// document does not list has index -1. References that are not unique
// or lead nowhere, and package URLs that do not parse, are kept and reported as
// gaps. Every component has a property imagetrust:pointer: where in the document
// it stands, as a JSON pointer (RFC 6901), also for XML.
package cyclonedx
