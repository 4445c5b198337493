package golang

import (
	"debug/buildinfo"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

const (
	maxPath  = 1024
	maxValue = 1024
)

// builder collects the facts about one program.
type builder struct {
	file *detect.File
	frag *detect.Fragment
	seen map[string]bool
	main string // key
}

func fragment(f *detect.File, bi *buildinfo.BuildInfo) (*detect.Fragment, error) {
	b := &builder{file: f, frag: &detect.Fragment{}, seen: make(map[string]bool)}
	bi = withMain(bi)
	b.addMain(bi)
	b.addStdlib(bi.GoVersion)
	for i, dep := range bi.Deps {
		if i == maxModules {
			return b.frag, &detect.LimitError{Path: f.Path, Limit: maxModules, Size: int64(len(bi.Deps)), What: "modules"}
		}
		if dep != nil {
			b.addDependency(dep)
		}
	}
	return b.frag, nil
}

// withMain finds the main module of a program that was built from a list of
// files: the toolchain takes them for a package of no module, and records the
// module as a dependency without a version.
func withMain(bi *buildinfo.BuildInfo) *buildinfo.BuildInfo {
	if bi.Main.Path != "" {
		return bi
	}
	own := func(m *debug.Module) bool { return m != nil && m.Version == "(devel)" && m.Replace == nil }
	i := slices.IndexFunc(bi.Deps, own)
	if i < 0 || slices.ContainsFunc(bi.Deps[i+1:], own) {
		return bi
	}
	out := *bi
	out.Main = *bi.Deps[i]
	out.Deps = slices.Delete(slices.Clone(bi.Deps), i, i+1)
	return &out
}

// add adds a component under a key, unless there is one.
func (b *builder) add(key string, c sbom.Component) bool {
	if b.seen[key] {
		b.gap(sbom.GapCorrupt, "the build information names "+c.Name+" twice; the first is kept")
		return false
	}
	b.seen[key] = true
	b.frag.Components = append(b.frag.Components, detect.Component{Component: c, Key: key})
	if b.main != "" && key != b.main {
		b.frag.Relations = append(b.frag.Relations, detect.Relation{From: b.main, To: key, Type: sbom.DependsOn})
	}
	return true
}

func (b *builder) gap(kind sbom.GapKind, message string) {
	b.frag.Gaps = append(b.frag.Gaps, sbom.Gap{Kind: kind, Message: message})
}

func (b *builder) key(module string) string { return b.file.Path + " " + module }

func (b *builder) addMain(bi *buildinfo.BuildInfo) {
	name := oneline.Token(bi.Main.Path, maxPath)
	if name == "" { // Built without modules: the package is all that is known.
		name = oneline.Token(bi.Path, maxPath)
	}
	named := evidence("name", 1, name)
	if name == "" || name == "command-line-arguments" {
		name = path.Base(b.file.Path)
		named = sbom.Evidence{Field: "name", Technique: sbom.TechniqueFilename, Confidence: 0.5, Value: name}
	}
	c := sbom.Component{Type: sbom.TypeApplication, Name: name}
	if b.file.Digest != "" {
		c.Hashes = []sbom.Digest{b.file.Digest}
	}
	c.Evidence = []sbom.Evidence{named}
	v := mainVersion(bi)
	if c.Version = v.version; c.Version != "" {
		c.Evidence = append(c.Evidence, evidence("version", v.confidence, v.found))
	} else {
		b.gap(sbom.GapIncomplete, "the build information of "+name+" states no version, no revision and no linker flag that sets one")
	}
	if bi.Main.Path == name && strings.Contains(firstElement(name), ".") {
		c.PURL = purl(name, c.Version)
	}
	c.Properties = settings(bi)
	b.main = b.file.Path
	b.add(b.main, c)
	b.frag.Claims = []detect.Claim{{Key: b.main, Path: b.file.Path, Ground: sbom.ClaimContent}}
}

func (b *builder) addStdlib(goVersion string) {
	c := sbom.Component{Type: sbom.TypeLibrary, Name: "stdlib", Version: release(goVersion)}
	c.PURL = sbom.NewPURL("golang", "", "stdlib", c.Version, nil)
	c.Evidence = []sbom.Evidence{evidence("name", 1, "stdlib")}
	stated := oneline.Text(goVersion, maxValue)
	if c.Version != "" {
		c.Evidence = append(c.Evidence, evidence("version", 1, stated))
	} else {
		b.gap(sbom.GapIncomplete, "the toolchain "+stated+" is no release, so the version of the standard library is not known")
	}
	if stated != "go"+c.Version {
		c.Properties = []sbom.Property{{Name: "go:version", Value: stated}}
	}
	b.add(b.key("std"), c)
}

func (b *builder) addDependency(dep *debug.Module) {
	original := oneline.Token(dep.Path, maxPath)
	if original == "" {
		b.gap(sbom.GapCorrupt, "the build information names a module without a valid path")
		return
	}
	c := sbom.Component{Type: sbom.TypeLibrary, Name: original, Version: moduleVersion(dep.Version)}
	sum := dep.Sum
	if r := dep.Replace; r != nil {
		sum = r.Sum
		c.Version = moduleVersion(r.Version)
		if by := oneline.Token(r.Path, maxPath); c.Version != "" && by != "" {
			c.Name = by
			property(&c, "go:replaces", strings.TrimSuffix(original+"@"+dep.Version, "@"))
		} else {
			property(&c, "go:replacedBy", r.Path)
		}
	}
	property(&c, "go:sum", sum)
	c.Evidence = []sbom.Evidence{evidence("name", 1, c.Name)}
	c.PURL = purl(c.Name, c.Version)
	if c.Version != "" {
		c.Evidence = append(c.Evidence, evidence("version", 1, c.Version))
	}
	if b.add(b.key(original), c) && c.Version == "" {
		b.gap(sbom.GapIncomplete, "the module "+original+" was built from a local directory, so its version is not known")
	}
}

// moduleVersion returns a version of the module system; "(devel)" is none.
func moduleVersion(v string) string {
	if v == "(devel)" {
		return ""
	}
	return oneline.Token(v, 256)
}

func evidence(field string, confidence float64, value string) sbom.Evidence {
	return sbom.Evidence{Field: field, Technique: sbom.TechniqueBinary, Confidence: confidence, Value: value}
}

// purl returns the package URL of a module, empty for a path that is none.
func purl(modulePath, version string) string {
	if module.CheckImportPath(modulePath) != nil {
		return ""
	}
	dir, base := path.Split(modulePath)
	return sbom.NewPURL("golang", strings.TrimSuffix(dir, "/"), base, version, nil)
}

func firstElement(p string) string {
	first, _, _ := strings.Cut(p, "/")
	return first
}

// settings are the build settings worth keeping. The flags of compiler and
// linker are not: they may hold secrets.
func settings(bi *buildinfo.BuildInfo) []sbom.Property {
	var c sbom.Component
	for _, s := range bi.Settings {
		switch s.Key {
		case "GOOS", "GOARCH", "GOARM", "GOARM64", "GOAMD64", "GO386", "GOMIPS", "GOMIPS64", "GOPPC64", "GORISCV64",
			"GOEXPERIMENT", "GOFIPS140", "CGO_ENABLED", "-tags", "-buildmode", "-compiler", "-trimpath", "-race",
			"vcs", "vcs.revision", "vcs.time", "vcs.modified":
			property(&c, "go:"+strings.TrimPrefix(s.Key, "-"), s.Value)
		}
	}
	if bi.Path != bi.Main.Path {
		property(&c, "go:package", bi.Path)
	}
	return c.Properties
}

func property(c *sbom.Component, name, value string) {
	if value = oneline.Text(value, maxValue); value != "" {
		c.Properties = append(c.Properties, sbom.Property{Name: name, Value: value})
	}
}
