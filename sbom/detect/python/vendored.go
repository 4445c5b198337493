package python

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/pep"
)

// maxVendored is the number of copies read from one list; pip has 25.
const maxVendored = 1000

// vendorList reports whether p is the list of copies in a directory of them, as
// pip/_vendor/vendor.txt: the vendoring tool writes there what it took, and
// removes the metadata of the copies.
func vendorList(dir, base string) bool {
	if base != "vendor.txt" && base != "vendored.txt" {
		return false
	}
	switch path.Base(dir) {
	case "_vendor", "_vendored", "vendored", "vendor", "_bundled":
		return place{site: dir}.scope() == sbom.ScopeBundled
	}
	return false
}

// readVendorList reads requirements pinned with "==", one a line, with comments.
// Other lines name what is there in a version that nobody states.
func readVendorList(p place, f *detect.File) (*detect.Fragment, error) {
	b := bufio.NewReader(io.LimitReader(f.Reader(), maxSmall))
	frag := &detect.Fragment{}
	versions := make(map[string]string)
	for n := 0; ; {
		line, err := readLine(b)
		name, version := requirement(line)
		switch {
		case name == "":
		case n == maxVendored:
			return frag, &detect.LimitError{Path: f.Path, Limit: maxVendored, What: "copies"}
		case version == "":
			frag.Gaps = append(frag.Gaps, p.listed(name, "without one exact version"))
			n++
		case versions[pep.Normalize(name)] == "":
			versions[pep.Normalize(name)] = version
			c := copied(p, name, version)
			frag.Components = append(frag.Components, c)
			frag.Relations = append(frag.Relations, p.contains(c.Key)...)
			n++
		case versions[pep.Normalize(name)] != version:
			frag.Gaps = append(frag.Gaps, p.listed(name, "again, in another version"))
			n++
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return frag, fmt.Errorf("%w: %v", detect.ErrFormat, err)
		}
	}
	if f.Size > maxSmall {
		return frag, &detect.LimitError{Path: f.Path, Limit: maxSmall, Size: f.Size}
	}
	if len(frag.Components)+len(frag.Gaps) == 0 {
		return nil, nil
	}
	return frag, nil
}

// listed is a gap about a copy that the list does not identify.
func (p place) listed(name, how string) sbom.Gap {
	return sbom.Gap{Kind: sbom.GapIncomplete, Component: p.owner(), Message: "a copy of " + name + " is listed " + how}
}

// requirement splits a line into a name and the version that it is pinned to,
// which is empty if it is not; options of pip have no name.
func requirement(line string) (name, version string) {
	line, _, _ = strings.Cut(line, "#")
	line, _, _ = strings.Cut(line, ";")
	line = strings.TrimSpace(line)
	end := strings.IndexAny(line, " \t[(<>=!~@\\")
	if end < 0 {
		end = len(line)
	}
	if name = line[:end]; !pep.ValidName(name) {
		return "", ""
	}
	_, version, pinned := strings.Cut(line[end:], "==")
	version, _, _ = strings.Cut(strings.TrimSpace(strings.TrimPrefix(version, "=")), " ")
	if !pinned || strings.ContainsAny(version, "*,<>=!~@\\") {
		return name, ""
	}
	return name, oneline.Token(version, 256)
}

// copied describes a copy that a list names. That it is still there, the list
// alone cannot tell: distributions take copies out again.
func copied(p place, name, version string) detect.Component {
	const confidence = 0.6
	c := sbom.Component{Type: sbom.TypeLibrary, Name: name, Version: version, Scope: p.scope(),
		PURL: sbom.NewPURL("pypi", "", pep.Normalize(name), version, nil)}
	for _, e := range []struct{ field, value string }{{"name", name}, {"version", version}} {
		c.Evidence = append(c.Evidence, sbom.Evidence{Field: e.field, Technique: sbom.TechniqueManifest, Confidence: confidence, Value: e.value})
	}
	return detect.Component{Component: c, Key: p.key(name)}
}
