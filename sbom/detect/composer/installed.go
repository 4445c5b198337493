package composer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// list collects the packages of one vendor directory.
type list struct {
	place
	file string
	frag detect.Fragment
	gaps ospkg.Gaps
	seen map[string]bool // by key
	dev  map[string]bool // by name in lower case
	left int64           // bytes of keys and paths that may still be added
}

// readInstalled reads vendor/composer/installed.json: an array of packages, or since
// Composer 2 an object with one.
func readInstalled(f *detect.File, b []byte) (*detect.Fragment, error) {
	l := &list{place: placeOf(f.Path), file: f.Path, seen: make(map[string]bool), dev: make(map[string]bool), left: ospkg.PathBudget(f.Size)}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if trimmed := bytes.TrimLeft(b, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		var o statement.Object
		if err := json.Unmarshal(b, &o); err != nil {
			return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
		}
		if o["packages"] == nil {
			return nil, fmt.Errorf("%w: an object without packages", detect.ErrFormat)
		}
		for _, name := range o.Texts("dev-package-names") {
			l.dev[strings.ToLower(name)] = true
		}
		b = o["packages"]
	}
	packages, err := elements(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	for i, o := range packages {
		if i == declared.MaxPackages || l.left < 0 {
			err = &detect.LimitError{Path: f.Path, Limit: declared.MaxPackages, Size: int64(len(packages)), What: "packages"}
			break
		}
		l.add(o)
	}
	l.frag.Gaps = append(l.frag.Gaps, l.gaps.List()...)
	return &l.frag, err
}

// add adds one package.
func (l *list) add(o statement.Object) {
	c := describe(o, l.file)
	if c.Name == "" {
		l.gaps.Add(sbom.GapCorrupt, "a package is listed without a valid name: %s", ospkg.Clip(o.Text("name")))
		return
	}
	full := strings.ToLower(c.Group + "/" + c.Name)
	key := l.key(full)
	if l.seen[key] {
		l.gaps.Add(sbom.GapCorrupt, "the package %s is listed twice; the first is kept", full)
		return
	}
	l.seen[key] = true
	c.Scope = l.scope
	c.Evidence = statement.Manifest(l.confidence(), c.Group+"/"+c.Name, c.Version)
	if l.dev[full] {
		c.Properties = statement.Property(c.Properties, "composer:dev", "true")
	}
	if c.Version == "" {
		l.incomplete(key, full)
	}
	l.frag.Components = append(l.frag.Components, detect.Component{Component: c, Key: key, Aliases: l.aliases(o, full)})
	l.claim(o, key, full)
	l.relate(o, key)
}

// incomplete adds a gap about a package, as long as there are few.
func (l *list) incomplete(key, full string) {
	const message = "the list of installed packages states no version of "
	if len(l.frag.Gaps) < ospkg.MaxGaps {
		l.frag.Gaps = append(l.frag.Gaps, statement.Incomplete(key, message+full))
		return
	}
	l.gaps.Add(sbom.GapIncomplete, "%s%s", message, full)
}

// spend reports whether the path or key s may be added.
func (l *list) spend(s string) bool {
	l.left -= int64(len(s)) + 64
	return l.left >= 0
}

// aliases are the package's directory and the names of packages that it stands for.
func (l *list) aliases(o statement.Object, full string) []string {
	var out []string
	if dir := l.resolve(full, o.Text("install-path")); dir != "" && l.spend(dir) {
		out = append(out, dir)
	}
	for _, field := range []string{"replace", "provide"} {
		for _, name := range packages(o, field) {
			if l.spend(l.vendor + name) {
				out = append(out, l.key(name))
			}
		}
	}
	return out
}

// claim claims the package's directory and programs. A metapackage has neither.
func (l *list) claim(o statement.Object, key, full string) {
	if l.scope == sbom.ScopeFixture || o.Text("type") == "metapackage" {
		return
	}
	if dir := l.resolve(full, o.Text("install-path")); dir != "" && l.spend(dir) {
		l.frag.Claims = append(l.frag.Claims, detect.Claim{Key: key, Path: dir, Ground: sbom.ClaimDirectory, Tree: true})
	}
	for _, name := range programs(o) {
		if at := path.Join(l.vendor, "bin", name); l.spend(at) {
			l.frag.Claims = append(l.frag.Claims, detect.Claim{Key: key, Path: at, Ground: sbom.ClaimDirectory})
		}
	}
}

func (l *list) relate(o statement.Object, key string) {
	own := append(packages(o, "replace"), packages(o, "provide")...)
	for _, name := range packages(o, "require") {
		if !slices.Contains(own, name) && l.spend(key+l.vendor+name) {
			l.frag.Relations = append(l.frag.Relations, detect.Relation{From: key, To: l.key(name), Type: sbom.DependsOn})
		}
	}
	if l.owner != "" && l.spend(l.owner+key) {
		l.frag.Relations = append(l.frag.Relations, detect.Relation{From: l.owner, To: key, Type: sbom.Contains})
	}
}
