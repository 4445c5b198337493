package cargo

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits. The list of a program with 1,000 crates has 100 kB, and 15 kB compressed.
const (
	auditSection  = ".dep-v0"
	maxCompressed = 8 << 20
	maxList       = 16 << 20
	maxCrates     = 50_000
	maxName       = 256
)

// audit is the list in a program (auditable-serde, VersionInfo).
type audit struct {
	Packages []crate `json:"packages"`
}

// crate is one package of the list.
type crate struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Source is "crates.io", "git", "local", "registry", or something newer.
	Source string `json:"source"`
	// Kind is "build" or "runtime", which is the default.
	Kind string `json:"kind"`
	// Dependencies are indexes into the list.
	Dependencies []int `json:"dependencies"`
	Root         bool  `json:"root"`
}

func readProgram(f *detect.File) (*detect.Fragment, error) {
	list, err := auditData(f)
	if errors.Is(err, section.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var a audit
	if err := json.Unmarshal(list, &a); err != nil {
		return nil, fmt.Errorf("%w: list of crates: %v", detect.ErrFormat, err)
	}
	p := &program{file: f, left: 1<<19 + 32*f.Size, keys: make([]string, len(a.Packages)), versions: make(map[string]bool)}
	return p.fragment(&a)
}

// auditData returns the uncompressed list. A file with damaged headers is not
// known to be a Rust program, so that it has no list rather than a bad one.
func auditData(f *detect.File) ([]byte, error) {
	if s, ok := f.ReaderAt.(*section.Sieve); ok && !bytes.HasPrefix(f.Head, []byte("\x7fELF")) &&
		section.Index(s, auditSection, 0, f.Size, 1) < 0 {
		return nil, section.ErrNotFound
	}
	r, err := section.Find(f.ReaderAt, f.Size, auditSection)
	switch {
	case errors.Is(err, detect.ErrFormat), errors.Is(err, detect.ErrLimit):
		return nil, section.ErrNotFound
	case err != nil:
		return nil, err
	case r.Size() > maxCompressed:
		return nil, &detect.LimitError{Path: f.Path, Limit: maxCompressed, Size: r.Size()}
	}
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("%w: list of crates: %v", detect.ErrFormat, err)
	}
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(z, maxList+1))
	switch {
	case n > maxList:
		return nil, &detect.LimitError{Path: f.Path, Limit: maxList, What: "bytes of the list of crates"}
	case err != nil:
		return nil, fmt.Errorf("%w: list of crates: %v", detect.ErrFormat, err)
	}
	return b.Bytes(), nil
}

// program collects the facts about one program.
type program struct {
	file     *detect.File
	frag     detect.Fragment
	keys     []string        // by index in the list
	versions map[string]bool // keys that are taken, with and without versions
	bad      int             // crates that are named twice or without a valid name or version, and indexes that lead nowhere
	left     int64           // bytes that may still be added
}

func (p *program) fragment(a *audit) (*detect.Fragment, error) {
	root := rootOf(a.Packages)
	for i := range a.Packages {
		if i == maxCrates || !p.add(i, &a.Packages[i], i == root) {
			return &p.frag, &detect.LimitError{Path: p.file.Path, Limit: maxCrates, Size: int64(len(a.Packages)), What: "crates"}
		}
	}
	for i := range a.Packages {
		for _, to := range a.Packages[i].Dependencies {
			if !p.depend(i, to) {
				return &p.frag, &detect.LimitError{Path: p.file.Path, Limit: p.file.Size, What: "dependencies"}
			}
		}
	}
	if p.bad > 0 {
		p.frag.Gaps = append(p.frag.Gaps, sbom.Gap{Kind: sbom.GapCorrupt,
			Message: fmt.Sprintf("the program's list of crates has %d entries that are no new crate with a name and a version, or that lead nowhere", p.bad)})
	}
	return &p.frag, nil
}

// rootOf returns the index of the root package; -1 if there is none, or several.
func rootOf(list []crate) int {
	root := -1
	for i := range list {
		if list[i].Root {
			if root >= 0 {
				return -1
			}
			root = i
		}
	}
	return root
}

// add adds one crate, and reports whether there was room for it.
func (p *program) add(i int, c *crate, root bool) bool {
	name, version := oneline.Token(c.Name, maxName), oneline.Token(c.Version, maxName)
	if name == "" || version == "" {
		p.bad++
		return true
	}
	key := p.file.Path + " " + name
	exact := key + "@" + version
	switch {
	case p.versions[exact]:
		p.bad++
		return true
	case root:
		key = p.file.Path
	case p.versions[key]:
		key = exact // A second version of a crate; lists are in order of versions.
	}
	p.versions[key], p.versions[exact], p.keys[i] = true, true, key
	if p.left -= int64(2*len(key) + 3*len(name) + 3*len(version) + 300); p.left < 0 {
		return false
	}
	p.frag.Components = append(p.frag.Components, detect.Component{Component: p.component(name, version, c, root), Key: key})
	if root {
		p.frag.Claims = []detect.Claim{{Key: key, Path: p.file.Path, Ground: sbom.ClaimContent}}
	}
	return true
}

func (p *program) component(name, version string, c *crate, root bool) sbom.Component {
	out := sbom.Component{Type: sbom.TypeLibrary, Name: name, Version: version,
		Evidence: statement.Evidence(sbom.TechniqueBinary, 1, name, version)}
	if root {
		out.Type = sbom.TypeApplication
		if p.file.Digest != "" {
			out.Hashes = []sbom.Digest{p.file.Digest}
		}
	}
	if c.Source == "crates.io" || c.Source == "git" || root {
		out.PURL = sbom.NewPURL("cargo", "", name, version, nil)
	}
	if c.Kind == "build" {
		out.Scope = sbom.ScopeDeclared
		out.Properties = statement.Property(out.Properties, "cargo:kind", "build")
	}
	if c.Source != "crates.io" {
		out.Properties = statement.Property(out.Properties, "cargo:source", c.Source)
	}
	return out
}

// depend adds one dependency, and reports whether there was room for it.
func (p *program) depend(from, to int) bool {
	if p.keys[from] == "" || to < 0 || to >= len(p.keys) || p.keys[to] == "" || from == to {
		p.bad++
		return true
	}
	if p.left -= int64(len(p.keys[from]) + len(p.keys[to]) + 50); p.left < 0 {
		return false
	}
	p.frag.Relations = append(p.frag.Relations, detect.Relation{From: p.keys[from], To: p.keys[to], Type: sbom.DependsOn})
	return true
}
