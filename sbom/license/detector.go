package license

import (
	"bytes"
	"context"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// maxFile is the longest licence file that is read, in bytes. Those of browsers have
// 10 MiB.
const maxFile = 16 << 20

// New returns the detector. It annotates the owner of a licence file, whichever
// detector found the component: a package manager's package that lists the file, or
// the package of a language in whose directory it lies. Licences in a file that
// nobody owns become a gap, and so does a LICENSE or COPYING file without any known
// licence in it. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "license", Version: "1"} }

// Coverage implements detect.Covering.
func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Licence texts",
		Reads:     []string{"LICENSE*", "LICENCE*", "COPYING*", "COPYRIGHT*", "NOTICE*", "UNLICENSE*", "usr/share/licenses/**"},
		Licenses:  true,
	}
}

// Wants implements detect.Detector.
func (detector) Wants(e *detect.Entry) bool {
	return e.Size > 0 && licenseFile(e.Path) && bytes.IndexByte(e.Head, 0) < 0
}

// Detect implements detect.Detector.
func (detector) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
	text, err := f.Bytes(maxFile)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	found, _ := Recognize(text)
	if len(found) == 0 {
		return unrecognised(f.Path), nil
	}
	for i := range found {
		found[i].Location = f.Path
	}
	return &detect.Fragment{Annotations: []detect.Annotation{{Licenses: found}}}, nil
}

// unrecognised is the gap of a file whose name promises a licence. Notices and
// copyright files need not have one.
func unrecognised(p string) *detect.Fragment {
	base := strings.ToUpper(path.Base(p))
	if strings.HasPrefix(base, "NOTICE") || strings.HasPrefix(base, "COPYRIGHT") {
		return nil
	}
	return &detect.Fragment{Gaps: []sbom.Gap{{
		Kind: sbom.GapUnsupported, Message: "the file has no licence whose text is known",
	}}}
}

// licenseFile reports whether a file is one that holds licences, by its name. The
// texts in usr/share/common-licenses are nobody's licence, and code that is about
// licences is none.
func licenseFile(p string) bool {
	base := path.Base(p)
	dir := path.Dir(p)
	if path.Base(dir) == "common-licenses" {
		return false
	}
	if strings.HasPrefix(p, "usr/share/licenses/") || strings.Contains(p, "/usr/share/licenses/") {
		return true
	}
	if len(base) < len("NOTICE") || strings.IndexByte("LCNUlcnu", base[0]) < 0 {
		return false
	}
	name := strings.ToUpper(base)
	named := func(prefix string) bool {
		rest, ok := strings.CutPrefix(name, prefix)
		return ok && (rest == "" || strings.IndexByte("-_.S0123456789", rest[0]) >= 0)
	}
	return slices.ContainsFunc(names, named) && textual(base)
}

var names = []string{"LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"}

// textual tells "LICENSE", "license.txt", "LICENSE.APACHE2" and "COPYING.LESSER" from
// "license.go": what follows the last dot is the suffix of a text, or in capitals.
func textual(base string) bool {
	ext := path.Ext(base)
	switch strings.ToLower(ext) {
	case "", ".txt", ".text", ".md", ".markdown", ".rst", ".adoc", ".html", ".htm":
		return true
	}
	return strings.ToUpper(ext) == ext
}
