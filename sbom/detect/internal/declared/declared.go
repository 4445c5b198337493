// Package declared collects the packages that one lock file or manifest names. Such
// packages need not be there ([sbom.ScopeDeclared]).
package declared

import (
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/fixture"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// MaxPackages is the number of packages that one file may name. The largest
// lock files known name about 10,000.
const MaxPackages = 200_000

// Confidence is how sure a lock file is about what it names: whether that is what
// was installed, it cannot tell.
const Confidence = 0.7

// List collects what one file names. Make one with [New].
type List struct {
	// Gaps are what the file does not say or what is not understood in it.
	Gaps ospkg.Gaps

	dir, path string
	scope     sbom.Scope
	left      int64 // bytes that may still be added
	full      bool
	frag      detect.Fragment
	byName    map[string]int // how many packages have the name
	byPURL    map[string]int // the place of a package in frag.Components
	edges     map[[2]string]bool
}

// New returns an empty list for the file f.
func New(f *detect.File) *List {
	dir := path.Dir(f.Path)
	l := &List{
		dir: dir, path: f.Path, scope: sbom.ScopeDeclared, left: 1<<19 + 32*f.Size,
		byName: make(map[string]int), byPURL: make(map[string]int), edges: make(map[[2]string]bool),
	}
	if fixture.Path(dir) {
		l.scope = sbom.ScopeFixture
	}
	return l
}

// Add adds a package and returns its key. The package has a version; its type,
// scope and evidence are filled in. Aliases are names by which other files refer to
// it. A package that the list has already gets
// the hashes, references and properties that it lacked; but that it is for development only, or
// optional (properties whose names end in ":dev" or ":optional"), holds only if all
// mentions say so. The key is empty when a limit was reached.
func (l *List) Add(c sbom.Component, aliases ...string) (key string) {
	id := c.PURL
	if id == "" {
		id = c.Group + "/" + c.Name + "@" + c.Version
	}
	if i, ok := l.byPURL[id]; ok {
		merge(&l.frag.Components[i].Component, &c)
		return l.frag.Components[i].Key
	}
	name := c.Name
	if c.Group != "" {
		name = c.Group + "/" + c.Name
	}
	key = l.dir + " " + name
	if l.byName[name] > 0 {
		key = l.dir + " " + id // Only the first of a name goes on as its next version.
	}
	if len(l.frag.Components) >= MaxPackages || !l.spend(2*len(key)+2*len(id)+len(strings.Join(aliases, ""))+300) {
		l.full = true
		return ""
	}
	l.byName[name]++
	l.byPURL[id] = len(l.frag.Components)
	if c.Type == "" {
		c.Type = sbom.TypeLibrary
	}
	if c.Scope == sbom.ScopeInstalled || l.scope == sbom.ScopeFixture {
		c.Scope = l.scope
	}
	if c.Evidence == nil {
		c.Evidence = []sbom.Evidence{{Field: "version", Technique: sbom.TechniqueManifest, Confidence: Confidence, Value: c.Version}}
	}
	l.frag.Components = append(l.frag.Components, detect.Component{Component: c, Key: key, Aliases: aliases})
	return key
}

func merge(old, c *sbom.Component) {
	for _, h := range c.Hashes {
		if !slices.Contains(old.Hashes, h) {
			old.Hashes = append(old.Hashes, h)
		}
	}
	for _, r := range c.References {
		if !slices.ContainsFunc(old.References, func(have sbom.Reference) bool { return have.Type == r.Type && have.URL == r.URL }) {
			old.References = append(old.References, r)
		}
	}
	old.Properties = slices.DeleteFunc(old.Properties, func(p sbom.Property) bool {
		return restricts(p.Name) && !slices.Contains(c.Properties, p)
	})
	for _, p := range c.Properties {
		if !restricts(p.Name) && !slices.Contains(old.Properties, p) {
			old.Properties = append(old.Properties, p)
		}
	}
}

func restricts(property string) bool {
	return strings.HasSuffix(property, ":dev") || strings.HasSuffix(property, ":optional")
}

// Depend says that the package of the first key depends on that of the second.
// Empty keys and repetitions are left out.
func (l *List) Depend(from, to string) {
	if from == "" || to == "" || from == to || l.edges[[2]string{from, to}] {
		return
	}
	if !l.spend(len(from) + len(to) + 60) {
		l.full = true
		return
	}
	l.edges[[2]string{from, to}] = true
	l.frag.Relations = append(l.frag.Relations, detect.Relation{From: from, To: to, Type: sbom.DependsOn})
}

// Claim adds a claim, within the limits.
func (l *List) Claim(c detect.Claim) {
	if !l.spend(len(c.Key) + len(c.Path) + 60) {
		l.full = true
		return
	}
	l.frag.Claims = append(l.frag.Claims, c)
}

// Full reports whether a limit was reached, so that reading on is of no use.
func (l *List) Full() bool { return l.full }

func (l *List) spend(n int) bool {
	l.left -= int64(n)
	return l.left >= 0
}

// Fragment returns what was collected; nil if that is nothing. The error is a
// *detect.LimitError when a limit was reached.
func (l *List) Fragment() (*detect.Fragment, error) {
	l.frag.Gaps = l.Gaps.List()
	var err error
	if l.full {
		err = &detect.LimitError{Path: l.path, Limit: MaxPackages, What: "packages and dependencies"}
	}
	if len(l.frag.Components)+len(l.frag.Gaps) == 0 {
		return nil, err
	}
	return &l.frag, err
}

// Foreign reports whether a file lies inside an installed package or in a copy
// of third-party sources, of whatever ecosystem. What a lock file there names
// serves the development of that package, and says nothing about the image.
func Foreign(file string) bool {
	above := ""
	for rest := file; ; {
		dir, next, ok := strings.Cut(rest, "/")
		if !ok {
			return false
		}
		switch dir {
		case "node_modules", "site-packages", "dist-packages", "_vendor", "vendor", "third_party", "third-party", "bower_components":
			return true
		case "nodejs": // Debian's
			if above == "share" || above == "lib" {
				return true
			}
		case "gems": // gems/NAME-VERSION
			if name, _, _ := strings.Cut(next, "/"); strings.Contains(name, "-") {
				return true
			}
		case "mod": // pkg/mod/MODULE@VERSION
			if above == "pkg" && strings.Contains(next, "@v") {
				return true
			}
		}
		above, rest = dir, next
	}
}
