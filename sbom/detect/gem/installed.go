package gem

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// installed describes the gem whose specification s lies at p.
func installed(p place, s *spec) (*detect.Fragment, error) {
	fromName := s.fillIn(p)
	if s.name == "" {
		return nil, fmt.Errorf("%w: the specification states no valid name", detect.ErrFormat)
	}
	p.copied(s)
	c := component(p, s)
	for i := range c.Evidence {
		if c.Evidence[i].Field == "version" && fromName {
			c.Evidence[i].Technique = sbom.TechniqueFilename
			c.Evidence[i].Confidence *= 0.7
		}
	}
	frag := &detect.Fragment{Components: []detect.Component{c}, Claims: claims(p, s, c.Key)}
	if s.version == "" {
		frag.Gaps = []sbom.Gap{statement.Incomplete(c.Key, "the specification of the gem "+s.name+" computes its version and does not state it")}
	}
	for _, name := range s.dependencies {
		frag.Relations = append(frag.Relations, detect.Relation{From: c.Key, To: p.alias(name), Type: sbom.DependsOn})
	}
	if p.owner != "" {
		frag.Relations = append(frag.Relations, detect.Relation{From: p.owner, To: c.Key, Type: sbom.Contains})
	}
	return frag, nil
}

// fillIn takes a version that the specification computes from the name of its
// file, and reports whether it did.
func (s *spec) fillIn(p place) bool {
	if s.version != "" || s.name == "" || p.kind == checkout {
		return false
	}
	stem := strings.TrimSuffix(path.Base(p.file), ".gemspec")
	rest, ok := strings.CutPrefix(stem, s.name+"-")
	if !ok {
		return false
	}
	if s.platform != "" {
		rest = strings.TrimSuffix(rest, "-"+s.platform)
	}
	s.version = validVersion(rest)
	return s.version != ""
}

// copied tells the gems of one repository, which lie in directories of their names,
// from copies and test data in it.
func (p *place) copied(s *spec) {
	if p.top == "" || p.top == p.dir {
		return
	}
	if p.scope == sbom.ScopeInstalled && path.Base(p.dir) != s.name {
		p.scope = sbom.ScopeBundled
	}
	if p.scope != sbom.ScopeInstalled {
		p.owner, p.root = p.top, p.dir
	}
}

// alias is the name by which gems beside the one at p refer to the gem called name.
func (p place) alias(name string) string {
	if p.scope != sbom.ScopeInstalled {
		return p.root + " gem " + name // Only those that were copied together.
	}
	return alias(environment(p.root), name)
}

// component describes the gem. Its key is its root, name and platform; by its
// directory files refer to exactly this version, by its name in the
// environment other gems do.
func component(p place, s *spec) detect.Component {
	c := sbom.Component{
		Type: sbom.TypeLibrary, Name: s.name, Version: s.version, Scope: p.scope, Architecture: s.platform,
		PURL:     sbom.NewPURL("gem", "", s.name, s.version, map[string]string{"platform": s.platform}),
		Supplier: s.supplier(), Description: s.summary, Licenses: statement.Licenses(s.licenses, p.file),
	}
	confidence := 1.0
	if p.scope != sbom.ScopeInstalled {
		confidence = 0.8
	}
	c.Evidence = statement.Manifest(confidence, s.name, s.version)
	c.References = s.references()
	if p.kind == withRuby {
		c.Properties = statement.Property(c.Properties, "gem:default", "true")
	}
	c.Properties = statement.Property(c.Properties, "gem:commit", p.commit)
	key := p.root + " " + s.name
	if s.platform != "" {
		key += " " + s.platform
	}
	if p.kind == checkout {
		key = p.root + " " + s.name + " checkout"
	}
	return detect.Component{Component: c, Key: key, Aliases: []string{p.directory(s), p.alias(s.name)}}
}

// directory is where the gem's code lies.
func (p place) directory(s *spec) string {
	if p.kind == checkout {
		return p.dir
	}
	return path.Join(p.root, "gems", s.fullName())
}

// maxModules is the number of extension modules that a gem that came with Ruby may
// have; the most that is known is 9.
const maxModules = 256

// architectures are the names of directories for compiled modules in Ruby's
// library, on Linux. A claim on a file that is not there has no effect.
var architectures = []string{
	"x86_64-linux", "aarch64-linux", "x86_64-linux-musl", "aarch64-linux-musl", "armv7l-linux-eabihf",
	"powerpc64le-linux", "s390x-linux", "riscv64-linux", "i686-linux",
}

// claims are on the gem's own directory. What came with Ruby lies in Ruby's
// library, beside lib/ruby/gems/ABI; of that, the modules are programs.
func claims(p place, s *spec, key string) []detect.Claim {
	if p.scope == sbom.ScopeFixture || s.version == "" && p.kind != checkout {
		return nil
	}
	out := []detect.Claim{{Key: key, Path: p.directory(s), Ground: sbom.ClaimDirectory, Tree: true}}
	library, abi := path.Split(p.root)
	if p.kind != withRuby || !strings.HasSuffix(library, "lib/ruby/gems/") {
		return out
	}
	modules := 0
	for _, file := range s.files {
		if !strings.HasSuffix(file, ".so") || len(file) > maxName || slices.Contains(strings.Split(file, "/"), "..") {
			continue
		}
		for _, dir := range s.requirePaths {
			file = strings.TrimPrefix(file, dir+"/")
		}
		if modules++; modules > maxModules {
			break
		}
		for _, arch := range architectures {
			at := path.Join(strings.TrimSuffix(library, "gems/"), abi, arch, file)
			out = append(out, detect.Claim{Key: key, Path: at, Ground: sbom.ClaimDirectory})
		}
	}
	return out
}
