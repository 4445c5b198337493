package truth

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// npm reads a package.json.
func (c *collector) npm(rel string) error {
	data, err := c.read(rel)
	if err != nil {
		return err
	}
	var pkg struct{ Name, Version string }
	// A fixture may be broken on purpose; what node cannot read it does not load.
	if json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &pkg) != nil || pkg.Name == "" {
		return nil
	}
	list := &c.img.Beside
	if pkg.Version != "" && isNodePackage(path.Dir(rel)) {
		list = &c.img.Packages
	}
	c.add(list, NPM, pkg.Name, pkg.Version, rel)
	return nil
}

// nodeRoots are the directories that packages are installed into: npm's name, and
// Debian's places.
var nodeRoots = regexp.MustCompile(`(?:^|/)(?:node_modules|usr/(?:share|lib|lib/[^/]+-linux-gnu)/nodejs)/`)

// isNodePackage reports whether dir is where npm or Debian installs a package:
// NAME or @SCOPE/NAME directly in a root that is nobody's test data, that is, one
// which is in no package or directly in an installed one.
func isNodePackage(dir string) bool {
	roots := nodeRoots.FindAllStringIndex(dir+"/", -1)
	if len(roots) == 0 {
		return false
	}
	last := roots[len(roots)-1]
	name := dir[min(last[1], len(dir)):]
	scope, rest, scoped := strings.Cut(name, "/")
	if name == "" || strings.HasPrefix(name, ".") || scoped && (!strings.HasPrefix(scope, "@") || strings.Contains(rest, "/")) {
		return false
	}
	return len(roots) == 1 || isNodePackage(dir[:last[0]])
}

// python reads the metadata of a distribution: a file METADATA in NAME.dist-info,
// PKG-INFO in NAME.egg-info, or NAME.egg-info itself.
func (c *collector) python(rel string) error {
	dir, base := path.Split(rel)
	dir = path.Clean(dir)
	switch {
	case base == "METADATA" && strings.HasSuffix(dir, ".dist-info"), base == "PKG-INFO" && strings.HasSuffix(dir, ".egg-info"):
		dir = path.Dir(dir)
	case strings.HasSuffix(base, ".egg-info"):
	default:
		return nil
	}
	data, err := c.read(rel)
	if err != nil {
		return err
	}
	name, version := header(data, "Name"), header(data, "Version")
	if name == "" || version == "" {
		return nil
	}
	list := &c.img.Beside
	if b := path.Base(dir); b == "site-packages" || b == "dist-packages" {
		list = &c.img.Packages
	}
	c.add(list, PyPI, name, version, rel)
	return nil
}

// header returns a field of a mail-like header.
func header(data []byte, field string) string {
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

var (
	gemName    = regexp.MustCompile(`(?m)^\s*s\.name\s*=\s*"([^"]+)"`)
	gemVersion = regexp.MustCompile(`(?m)^\s*s\.version\s*=\s*"([^"]+)"`)
)

// gem reads a specification as rubygems writes it when it installs one.
func (c *collector) gem(rel string) error {
	dir := path.Dir(rel)
	if path.Base(dir) != "specifications" && !strings.HasSuffix(dir, "/specifications/default") {
		return nil
	}
	data, err := c.read(rel)
	if err != nil {
		return err
	}
	name, version := gemName.FindSubmatch(data), gemVersion.FindSubmatch(data)
	if name != nil && version != nil {
		c.add(&c.img.Packages, Gem, string(name[1]), string(version[1]), rel)
	}
	return nil
}

// binary reads what the Go linker wrote into an executable, as go version -m does.
func (c *collector) binary(rel string) error {
	info, err := buildinfo.ReadFile(filepath.Join(c.root, rel))
	if err != nil {
		return nil // not made by Go
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c.add(&c.img.Packages, Go, m.Path, m.Version, rel)
	}
	return nil
}
