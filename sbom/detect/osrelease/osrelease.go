// Package osrelease detects the operating system distribution of an image.
//
// # What is read
//
//   - etc/os-release and usr/lib/os-release (os-release(5)). Where both are files,
//     the first is the administrator's and wins: the path of each fact says which
//     it is, and the fold decides.
//   - etc/alpine-release, for Alpine images that were stripped of os-release.
//   - etc/oracle-release, etc/centos-release and etc/redhat-release of the
//     releases 5 and 6, which have no os-release. Newer ones are not read.
//
// A file below another directory (opt/rootfs/etc/os-release) is that of another
// root. Images without any of these, such as those of busybox, name no
// distribution.
//
// # What is said
//
// An sbom.Distribution, and a component of the type operating-system named after
// its identifier. It owns no files; the package that ships os-release does.
//
// # What is checked
//
// Lines that are no assignment, bad quoting and identifiers with characters that
// os-release(5) forbids are gaps; so is a missing identifier, which leaves the
// distribution unknown, and a missing version, as of rolling releases.
package osrelease

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// maxFile is the length in bytes of the longest file that is read.
const maxFile = 64 << 10

// New returns the detector. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "osrelease", Version: "2"} }

// Coverage implements detect.Covering.
func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Operating systems (os-release)",
		Reads: []string{"etc/os-release", "usr/lib/os-release", "etc/alpine-release", "etc/oracle-release",
			"etc/centos-release", "etc/redhat-release"},
		Scopes: []sbom.Scope{sbom.ScopeInstalled},
	}
}

// Wants implements detect.Detector.
func (detector) Wants(e *detect.Entry) bool {
	_, _, ok := classify(e.Path)
	return ok
}

// classify returns the name of a release file and the root that it speaks of.
func classify(p string) (name, root string, ok bool) {
	dir, base := path.Split(p)
	switch base {
	case "os-release":
		if root, ok = ospkg.Root(dir, "usr/lib/"); ok {
			return base, root, true
		}
	case "alpine-release", "oracle-release", "centos-release", "redhat-release":
	default:
		return "", "", false
	}
	root, ok = ospkg.Root(dir, "etc/")
	return base, root, ok
}

// Detect implements detect.Detector.
func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	data, err := f.Bytes(maxFile)
	if err != nil {
		if _, ok := err.(*detect.LimitError); ok {
			return nil, err
		}
		return nil, fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, err)
	}
	name, root, _ := classify(f.Path)
	var gaps ospkg.Gaps
	var frag *detect.Fragment
	switch name {
	case "os-release":
		frag = release(parse(string(data), &gaps), &gaps)
	case "alpine-release":
		frag = alpine(string(data), &gaps)
	default:
		frag = redhat(string(data))
	}
	for i := range frag.Components {
		frag.Components[i].Key = ospkg.Join(root, frag.Components[i].Key)
	}
	frag.Gaps = gaps.List()
	return frag, nil
}

// release turns the assignments of an os-release file into facts.
func release(vars map[string]string, gaps *ospkg.Gaps) *detect.Fragment {
	d := sbom.Distribution{
		ID:        identifier(vars, "ID", gaps),
		VersionID: identifier(vars, "VERSION_ID", gaps),
		Codename:  codename(vars),
		Name:      vars["PRETTY_NAME"],
	}
	for id := range strings.FieldsSeq(vars["ID_LIKE"]) {
		if validID(id) {
			d.IDLike = append(d.IDLike, id)
		} else {
			gaps.Add(sbom.GapCorrupt, "ID_LIKE names %s, which is no identifier", ospkg.Clip(id))
		}
	}
	if d.Name == "" {
		d.Name = strings.TrimSpace(vars["NAME"] + " " + vars["VERSION"])
	}
	if d.ID == "" {
		gaps.Add(sbom.GapIncomplete, "no ID: the distribution is unknown, and no advisory of one applies")
		return &detect.Fragment{}
	}
	frag := distribution(d, 1)
	c := &frag.Components[0]
	if d.VersionID == "" {
		gaps.Add(sbom.GapIncomplete, "no VERSION_ID: %s is rolling or unreleased", d.ID)
	}
	if cpe := formattedCPE(vars["CPE_NAME"]); cpe != "" {
		c.CPEs = []string{cpe}
	}
	c.Supplier = vars["VENDOR_NAME"]
	c.References = origin.Refer(nil, origin.Website, vars["HOME_URL"])
	c.References = origin.Refer(c.References, origin.Support, vars["SUPPORT_URL"])
	c.References = origin.Refer(c.References, origin.IssueTracker, vars["BUG_REPORT_URL"])
	for _, key := range []string{"BUILD_ID", "SUPPORT_END", "VARIANT_ID"} {
		if v := vars[key]; v != "" {
			c.Properties = append(c.Properties, sbom.Property{Name: "os-release:" + key, Value: v})
		}
	}
	return frag
}

// distribution returns d and the component of it.
func distribution(d sbom.Distribution, confidence float64) *detect.Fragment {
	value := strings.TrimSpace(d.ID + " " + d.VersionID)
	c := detect.Component{Key: "operating-system"}
	c.Type = sbom.TypeOperatingSystem
	c.Name = d.ID
	c.Version = d.VersionID
	c.Description = d.Name
	c.Evidence = []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueManifest, Confidence: confidence, Value: value}}
	return &detect.Fragment{Components: []detect.Component{c}, Distribution: &d}
}

// identifier returns an identifier in lower case, empty if it is none.
func identifier(vars map[string]string, key string, gaps *ospkg.Gaps) string {
	v := vars[key]
	if v == "" {
		return ""
	}
	lower := strings.ToLower(v)
	if !validID(lower) {
		gaps.Add(sbom.GapCorrupt, "%s is %s, which is no identifier", key, ospkg.Clip(v))
		return ""
	}
	return lower
}

// validID reports whether s has only the characters that os-release(5) allows in
// ID and VERSION_ID, and "+" and "~", which occur.
func validID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && strings.IndexByte("._-+~", c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// codename returns the code name: stated, or the one lower-case word in the
// parentheses of VERSION, as in "8 (jessie)".
func codename(vars map[string]string) string {
	for _, key := range []string{"VERSION_CODENAME", "UBUNTU_CODENAME"} {
		if v := vars[key]; v != "" {
			return v
		}
	}
	_, v, _ := strings.Cut(vars["VERSION"], "(")
	v, rest, ok := strings.Cut(v, ")")
	if !ok || rest != "" || strings.Trim(v, "abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return v
}

// formattedCPE returns a CPE name as a formatted string (NISTIR 7695, 6.2). The
// URIs that distributions still write are rewritten, if they need no escapes.
func formattedCPE(s string) string {
	if strings.HasPrefix(s, "cpe:2.3:") && strings.Count(s, ":") == 12 {
		return s
	}
	rest, ok := strings.CutPrefix(s, "cpe:/")
	if !ok {
		return ""
	}
	parts := strings.Split(rest, ":")
	if len(parts) > 7 {
		return ""
	}
	for i, p := range parts {
		if p == "" {
			parts[i] = "*"
		} else if !validID(p) || strings.ContainsAny(p, "+~") {
			return ""
		}
	}
	for len(parts) < 11 {
		parts = append(parts, "*")
	}
	return "cpe:2.3:" + strings.Join(parts, ":")
}
