package oci

import (
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

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

// parsePlatform reads the platform of a descriptor, nil if it is null. One that is
// too long to be kept is an error: without it the image would be of no platform.
func parsePlatform(raw []byte) (*Platform, error) {
	if len(raw) > keepListed {
		return nil, fmt.Errorf("%w: platform of %d bytes", ErrLimit, len(raw))
	}
	var p *Platform
	err := strictjson.Decode(raw, &p)
	return p, err
}

// partial reports whether the platform is not, or not wholly said. Runtimes put their
// own in the place of what is missing.
func (p Platform) partial() bool { return p.OS == "" || p.Architecture == "" }

// is reports whether the platform is the one that was asked for, "os/architecture"
// for any variant or "os/architecture/variant", as runtimes understand both.
func (p Platform) is(asked string) bool {
	system, rest, _ := strings.Cut(asked, "/")
	architecture, variant, _ := strings.Cut(rest, "/")
	want, own := Platform{OS: system, Architecture: architecture, Variant: variant}.normal(), p.normal()
	return own.OS == want.OS && own.Architecture == want.Architecture && (variant == "" || own.Variant == want.Variant)
}

// normal returns the platform in Go's words. Runtimes take the others for the same,
// among them containerd ("platforms", Normalize); an index must not hide by them which
// image is started. Of a variant that is not said v8 is meant for arm64, v7 for arm and
// v1 for amd64.
func (p Platform) normal() Platform {
	n := Platform{OS: strings.ToLower(p.OS), Architecture: strings.ToLower(p.Architecture), Variant: strings.ToLower(p.Variant)}
	if n.OS == "macos" {
		n.OS = "darwin"
	}
	switch n.Architecture {
	case "i386":
		n.Architecture, n.Variant = "386", ""
	case "x86_64", "x86-64":
		n.Architecture = "amd64"
	case "aarch64":
		n.Architecture = "arm64"
	case "armhf":
		n.Architecture, n.Variant = "arm", "v7"
	case "armel":
		n.Architecture, n.Variant = "arm", "v6"
	}
	if n.Variant == "" {
		n.Variant = map[string]string{"arm64": "v8", "arm": "v7", "amd64": "v1"}[n.Architecture]
	} else if n.Variant[0] != 'v' {
		n.Variant = "v" + n.Variant
	}
	return n
}
