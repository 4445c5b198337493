package oci

import "strings"

// Platform is the platform of an image in an index (OCI image index specification,
// "platform"), in the words of its index.
type Platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	OSVersion    string `json:"os.version,omitempty"`
	Variant      string `json:"variant,omitempty"`
}

// String returns the platform as "os/architecture" or "os/architecture/variant".
func (p Platform) String() string {
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// is reports whether the platform is the one that was asked for, "os/architecture"
// for any variant or "os/architecture/variant". The variants that are meant when
// none is said are v8 for arm64 and v7 for arm.
func (p Platform) is(asked string) bool {
	system, rest, _ := strings.Cut(asked, "/")
	architecture, variant, _ := strings.Cut(rest, "/")
	if p.OS != system || p.Architecture != architecture {
		return false
	}
	own := p.Variant
	if own == "" {
		own = map[string]string{"arm64": "v8", "arm": "v7"}[architecture]
	}
	return variant == "" || variant == own
}
