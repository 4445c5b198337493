// Package osv matches an inventory against OSV records on this machine, without
// a network and without a database server.
//
// # Data
//
// [Build] turns OSV records (zips in the layout of osv.dev, directories of JSON
// files, or any [Source]) into an index: one immutable file, the same bytes for
// the same records. [Open] opens it in well under a millisecond whatever its size:
// the file's header commits to every page by its SHA-256, and a page is verified
// when it is first read. [DB.Digest] is therefore proof of all the data that a
// scan could see, and belongs into whatever is signed about the scan.
//
// # Matching
//
// [Scanner] follows the evaluation algorithm of the OSV schema
// (https://ossf.github.io/osv-schema/#evaluation): a component's ecosystem and
// release, the name and version its advisories use ([identity.LookupName]: the
// source package for a distribution), then the enumerated versions and the
// ranges of type SEMVER and ECOSYSTEM in the ecosystem's version order. Ranges
// of type GIT need a repository and match nothing; [BuildStats] counts them.
//
// Assessed are the components that are visible in the image and installed or
// bundled; a finding says which (scan.ComponentRef.Scope). Components that are only
// declared, residual or test fixtures are no contents of the image: Report.Excluded
// counts them by scope, and [Options] can have them assessed. Components that a
// later layer removed are left out, as are files, operating systems and container
// images. Every other component ends either matched against data or in
// Report.Unassessed, with the reason.
//
// Ranges of type SEMVER are in the order of Semantic Versioning, but those of Julia,
// whose advisories mean the order of Julia: the build behind the "+" counts.
//
// Records that are aliases of each other make one finding on a component. The
// distribution's record, or that of the ecosystem's own database, gives it its
// id. Upstream and related identifiers only link.
//
// A component that a distribution's package owns (sbom.Owns) is judged by the
// distribution where the distribution has a record of the vulnerability: the finding is kept,
// as fixed when the record says so for the owner's version, and as suppressed when
// the owner has the finding itself. Where the distribution is silent, the
// finding stands.
package osv
