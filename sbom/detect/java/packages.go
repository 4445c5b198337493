package java

import (
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

const (
	maxPackages = 10_000 // of classes, in one archive
	maxRoots    = 16     // named
	maxWords    = 256    // of all artifact ids
	maxSegments = 16     // of a package that are compared with words
)

// addClass notes the package of a class by the name of its entry.
func (a *archive) addClass(name string) {
	a.classes = true
	i := strings.LastIndexByte(name, '/')
	if i < 0 || name[:i] == a.lastDir {
		return
	}
	a.lastDir = name[:i]
	pkg := name[:i]
	if rest, ok := strings.CutPrefix(pkg, "META-INF/versions/"); ok {
		_, pkg, _ = strings.Cut(rest, "/")
	}
	for _, root := range []string{"BOOT-INF/classes/", "WEB-INF/classes/"} {
		pkg = strings.TrimPrefix(pkg, root)
	}
	if !packageName(pkg) || len(a.packages) == maxPackages {
		return
	}
	if a.packages == nil {
		a.packages = make(map[string]bool)
	}
	a.packages[pkg] = true
}

// packageName reports whether a path is that of a package: identifiers with
// slashes. Others, such as META-INF/services, are resources.
func packageName(pkg string) bool {
	if pkg == "" || len(pkg) > maxPath || pkg[0] == '/' || strings.Contains(pkg, "//") || strings.HasSuffix(pkg, "/") {
		return false
	}
	for i := range len(pkg) {
		c := pkg[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '/' || c >= 0x80) {
			return false
		}
	}
	return true
}

// unclaimed returns the roots of the packages that no artifact named by the
// archive's metadata is called like. It says nothing unless it recognises other
// packages in the archive: many artifacts have a name that their packages do
// not resemble. The rule is generous: packages of the same organisation, or with
// one word of the artifact id, count as the artifact's.
func (a *archive) unclaimed(c *sbom.Component, poms []*pom) []string {
	k := newClaimants(a, c, poms)
	if len(a.packages) == 0 || k.groups == 0 {
		return nil
	}
	roots := make(map[string]string) // common ancestor by organisation
	recognised := false
	for pkg := range a.packages {
		if k.claim(pkg) {
			recognised = true
			continue
		}
		org := strings.Join(organisation(strings.Split(pkg, "/")), "/")
		if root, ok := roots[org]; ok {
			pkg = ancestor(root, pkg)
		}
		roots[org] = pkg
	}
	if !recognised {
		return nil
	}
	var out []string
	for _, root := range slices.Sorted(maps.Values(roots)) {
		root = strings.ReplaceAll(root, "/", ".")
		if len(out) == 0 || !strings.HasPrefix(root, out[len(out)-1]+".") {
			out = append(out, root)
		}
	}
	return out
}

// claimants are what packages may be called after.
type claimants struct {
	groups   int             // known
	prefixes map[string]bool // packages, and all below
	words    map[string]bool
}

func newClaimants(a *archive, c *sbom.Component, poms []*pom) *claimants {
	k := &claimants{prefixes: make(map[string]bool), words: make(map[string]bool)}
	k.add(c.Group, c.Name)
	for _, p := range poms {
		at, _ := p.coordinates()
		k.add(at.group, at.artifact)
	}
	for _, class := range []string{a.manifest.text("Main-Class"), a.manifest.text("Start-Class")} {
		if i := strings.LastIndexByte(class, '.'); i > 0 {
			k.prefix(class[:i])
		}
	}
	for _, name := range []string{a.manifest.symbolicName(), a.manifest.text("Automatic-Module-Name")} {
		if strings.Contains(name, ".") {
			k.prefix(name)
		}
	}
	return k
}

func (k *claimants) add(group, artifact string) {
	if group != "" {
		k.groups++
	}
	if strings.Contains(group, ".") {
		k.prefix(group)
	} else {
		k.word(group)
	}
	k.word(artifact)
}

// prefix takes the organisation of a name in reverse domain order.
func (k *claimants) prefix(name string) {
	if segs := strings.Split(name, "."); len(segs) > 1 {
		k.prefixes[strings.Join(organisation(segs), "/")] = true
	}
}

// word takes the words of a name that tell something.
func (k *claimants) word(name string) {
	for w := range strings.FieldsFuncSeq(strings.ToLower(name), func(r rune) bool { return r == '-' || r == '.' || r == '_' }) {
		switch w {
		case "all", "api", "app", "base", "client", "common", "core", "ext", "impl", "internal", "jar", "java", "javax",
			"lib", "main", "model", "org", "com", "net", "parent", "server", "service", "support", "test", "tool", "tools", "util", "utils", "web":
			continue
		}
		if len(w) > 2 && len(k.words) < maxWords {
			k.words[w] = true
		}
	}
}

func (k *claimants) claim(pkg string) bool {
	segs := strings.Split(pkg, "/")
	if k.prefixes[strings.Join(organisation(segs), "/")] {
		return true
	}
	for _, seg := range segs[:min(len(segs), maxSegments)] {
		seg = strings.ToLower(seg)
		if k.words[seg] {
			return true
		}
		for w := range k.words {
			if len(seg) > 3 && strings.HasPrefix(w, seg) || len(w) > 3 && strings.HasPrefix(seg, w) {
				return true
			}
		}
	}
	return false
}

// organisation returns the segments of a package that name who made it: two, and
// one more below the domains of code hosts.
func organisation(segs []string) []string {
	n := 2
	if len(segs) > 1 && (segs[1] == "github" || segs[1] == "gitlab" || segs[1] == "sourceforge" || segs[1] == "googlecode") {
		n = 3
	}
	return segs[:min(n, len(segs))]
}

// ancestor returns the deepest package that contains both.
func ancestor(a, b string) string {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < min(len(x), len(y)) && x[n] == y[n] {
		n++
	}
	return strings.Join(x[:n], "/")
}

// named lists roots for people, within maxText bytes.
func named(roots []string) string {
	out, n := "", 0
	for _, r := range roots[:min(len(roots), maxRoots)] {
		if len(out)+len(r) > maxText-32 {
			break
		}
		if n > 0 {
			out += ", "
		}
		out += r
		n++
	}
	if n < len(roots) {
		out += " and others"
	}
	return out
}
