package detect

import "github.com/imagetrust/imagetrust/sbom"

// Covering is a detector that says what it covers, for tables of documentation and
// for those who choose detectors. Package detecttest holds it to what it says.
type Covering interface {
	Detector
	// Coverage says what the detector finds. It never changes.
	Coverage() Coverage
}

// Coverage is what a detector finds, at most.
type Coverage struct {
	// Ecosystem in the words of those who use it: "Debian (dpkg)".
	Ecosystem string
	// Reads are the files, as patterns that people read: "var/lib/dpkg/status",
	// "specifications/*.gemspec". A pattern matches the end of a path, whatever comes
	// before; "*" is any part of one name, "**" any names. What has a space is
	// words, for files that are known by their content: "ELF executables".
	Reads []string
	// PURLs are the types of the components' package URLs, without "pkg:".
	PURLs []string
	// Scopes are those of the components.
	Scopes []sbom.Scope
	// Owns are the grounds of claims; none where components own no files.
	Owns []sbom.Claim
	// Checks are the algorithms of the digests that are recorded of owned files, as
	// in sbom.Digest: "md5".
	Checks []string
	// Licenses says that licences are stated, and Dependencies that edges between
	// components are.
	Licenses, Dependencies bool
}
