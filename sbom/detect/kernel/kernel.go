// Package kernel detects Linux kernels and their modules by what they say of themselves.
// Both are rare in images of containers, and a reason to look twice.
//
// # What is read
//
//   - NAME.ko, NAME.ko.gz, NAME.ko.xz and NAME.ko.zst: the section .modinfo of the module,
//     which modinfo(8) prints.
//   - vmlinuz, bzImage, vmlinux and Image, with any suffix, in a directory boot or
//     lib/modules/RELEASE: the version of the kernel, from the header of its boot
//     protocol (x86, "kernel_version") or its banner ("Linux version …").
//
// A module that is part of the kernel's source (intree) is a part of that kernel
// ([sbom.ScopeBundled]) and has its release as version; another one is software of its
// own, with the version that it states.
//
// # What is owned
//
// The file itself, by its content (sbom.ClaimContent).
//
// # What is checked
//
// Modules without a release, and images of kernels that do not say their version, are
// gaps.
//
// # Identity
//
// Package URLs have the type "generic": kernels are called linux-kernel, modules have
// the name space linux-kernel-module. The release ("6.1.0-50-amd64") is that of
// the distribution, which need not be the version of Linux that it was made of, so that
// no CPE is given; the banner is a property.
//
// # Limits
//
// A module may have 64 MiB when decompressed; of an image 128 MiB are searched for
// its banner. Of the tables of an ELF file 4 MiB are read.
package kernel

import (
	"context"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

const (
	maxModule = 64 << 20
	maxImage  = 128 << 20
	maxTables = 4 << 20
	maxInfo   = 1 << 20
	maxValue  = 512
)

// New returns the detector. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "kernel", Version: "1"} }

// Coverage implements detect.Covering.
func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Linux kernels and modules",
		Reads:     []string{"*.ko", "*.ko.gz", "*.ko.xz", "*.ko.zst", "boot/*", "lib/modules/*/*"},
		PURLs:     []string{"generic"},
		Scopes:    []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeBundled},
		Owns:      []sbom.Claim{sbom.ClaimContent},
		Licenses:  true,
	}
}

// Wants implements detect.Detector.
func (detector) Wants(e *detect.Entry) bool { return e.Size > 0 && (isModule(e) || isImage(e.Path)) }

// Detect implements detect.Detector.
func (detector) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
	if isImage(f.Path) {
		return detectImage(ctx, f)
	}
	return detectModule(f)
}

// magics are the first bytes of a module by the end of its name. Other files are called
// .ko, too, such as translations into Korean.
var magics = map[string]string{".ko": "\x7fELF", ".gz": "\x1f\x8b", ".xz": "\xfd7zXZ\x00", ".zst": "\x28\xb5\x2f\xfd"}

// isModule reports whether a file is called like a module, and begins like one.
func isModule(e *detect.Entry) bool {
	ext := path.Ext(e.Path)
	magic, ok := magics[ext]
	if !ok || ext != ".ko" && !strings.HasSuffix(e.Path[:len(e.Path)-len(ext)], ".ko") {
		return false
	}
	return strings.HasPrefix(string(e.Head[:min(len(e.Head), len(magic))]), magic)
}

// isImage reports whether p is called like the image of a kernel, and where it would be.
func isImage(p string) bool {
	dir, base := path.Split(p)
	switch {
	case strings.HasPrefix(base, "vmlinu"), strings.HasPrefix(base, "bzImage"), base == "Image", strings.HasPrefix(base, "Image-"), base == "Image.gz":
	default:
		return false
	}
	dir = strings.TrimSuffix(dir, "/")
	return path.Base(dir) == "boot" || path.Base(path.Dir(dir)) == "modules"
}

// releaseAlias is the alias of the kernel of a release, by which modules refer to it.
func releaseAlias(release string) string { return "release//" + release }

// fragment returns what a file says that is one component, and owns itself.
func fragment(c detect.Component, at string) *detect.Fragment {
	return &detect.Fragment{
		Components: []detect.Component{c},
		Claims:     []detect.Claim{{Key: c.Key, Path: at, Ground: sbom.ClaimContent}},
	}
}
