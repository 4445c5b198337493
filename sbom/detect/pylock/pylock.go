// Package pylock finds the packages that lock files of the Python world name.
//
// # What is read
//
//   - poetry.lock, of every version so far
//   - Pipfile.lock of Pipenv
//   - uv.lock of version 1, and of the drafts before it
//   - pdm.lock, of every version so far
//   - pylock.toml and pylock.NAME.toml (PEP 751)
//   - requirements files by their usual names, requirements*.txt and those in a
//     directory named requirements: what they pin to one version with "==". Other
//     requirements leave the version to the installation; that is no gap.
//
// # What it means
//
// A lock file says what an installation would bring, and not that it took place: its
// packages are [sbom.ScopeDeclared], those in a directory of tests
// [sbom.ScopeFixture]. What is installed is told by detector python, and is a
// component of its own. A lock file inside an installed package serves the
// development of that package and is not read.
//
// Directories, editable and virtual packages are the application's own code and no
// packages. Where a package comes from a repository or an address instead of an
// index, its package URL has a vcs_url or download_url. Digests are those of all
// archives that the lock allows: an installation takes one of them.
package pylock

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/pep"
)

// Limits. The largest lock files known have 10 MB; tensorflow has about 100
// archives of one version.
const (
	maxLock   = 32 << 20
	maxHashes = 200 // kept of one package
)

type detector struct{}

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "pylock", Version: "1"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Python (lock files)",
		Reads: []string{"poetry.lock", "Pipfile.lock", "uv.lock", "pdm.lock", "pylock.toml", "pylock.*.toml",
			"requirements*.txt", "requirements/*.txt"},
		PURLs:        []string{"pypi"},
		Scopes:       []sbom.Scope{sbom.ScopeDeclared, sbom.ScopeFixture},
		Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool {
	return reader(e.Path) != nil && e.Size > 0 && !declared.Foreign(e.Path)
}

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	read := reader(f.Path)
	if read == nil {
		return nil, nil
	}
	b, err := f.Bytes(maxLock)
	if err != nil {
		return nil, err
	}
	l := &list{List: declared.New(f), keys: make(map[string][]string)}
	problem := read(l, b)
	l.connect()
	frag, err := l.Fragment()
	if problem != nil {
		return frag, fmt.Errorf("%s: %w", f.Path, problem)
	}
	return frag, err
}

// reader returns what reads a file of that path; nil when nothing does.
func reader(file string) func(*list, []byte) error {
	switch base := path.Base(file); base {
	case "poetry.lock":
		return readPoetry
	case "Pipfile.lock":
		return readPipfile
	case "uv.lock":
		return readUV
	case "pdm.lock":
		return readPDM
	case "pylock.toml":
		return readPylock
	default:
		switch {
		case strings.HasPrefix(base, "pylock.") && strings.HasSuffix(base, ".toml") && strings.Count(base, ".") == 2:
			return readPylock
		case strings.HasSuffix(base, ".txt") && (strings.HasPrefix(base, "requirements") || path.Base(path.Dir(file)) == "requirements"):
			return readRequirements
		}
	}
	return nil
}

// pkg is what any of the formats says of a package.
type pkg struct {
	name, version string
	// vcs and commit, or else address, are where it comes from if not from an index.
	vcs, commit, address string
	// index is that of another index than PyPI.
	index      string
	hashes     []sbom.Digest
	dev        bool
	optional   bool
	properties []sbom.Property
	// needs are the names of the packages that it depends on; a version behind a
	// space picks one of several.
	needs []string
}

// list collects packages.
type list struct {
	*declared.List
	keys  map[string][]string // by normalised name, also with the version behind it
	needs []need
}

// need is a dependency of the package of a key. A version picks one of several.
type need struct{ key, name, version string }

// add adds a package. What has no valid name or no version is a gap.
func (l *list) add(p *pkg) (key string) {
	version := oneline.Token(p.version, pep.MaxVersion)
	if !pep.ValidName(p.name) || version == "" {
		l.Gaps.Add(sbom.GapIncomplete, "a package is locked as %.200q without a valid name and version", p.name)
		return ""
	}
	c := sbom.Component{Name: p.name, Version: version, Hashes: p.hashes[:min(len(p.hashes), maxHashes)], Properties: p.properties}
	q := make(map[string]string)
	switch {
	case p.vcs != "":
		q["vcs_url"] = origin.Repository(p.vcs, p.commit)
	case origin.Remote(p.address):
		q["download_url"] = origin.Address(p.address)
	}
	if origin.Remote(p.index) && !publicIndex(p.index) {
		c.Properties = append(c.Properties, sbom.Property{Name: "python:index", Value: origin.Address(p.index)})
	}
	if p.dev {
		c.Properties = append(c.Properties, sbom.Property{Name: "python:dev", Value: "true"})
	}
	if p.optional {
		c.Properties = append(c.Properties, sbom.Property{Name: "python:optional", Value: "true"})
	}
	normal := pep.Normalize(p.name)
	c.PURL = sbom.NewPURL("pypi", "", normal, version, q)
	if key = l.Add(c); key == "" {
		return ""
	}
	for _, id := range []string{normal, normal + " " + version} {
		if !slices.Contains(l.keys[id], key) {
			l.keys[id] = append(l.keys[id], key)
		}
	}
	for _, n := range p.needs {
		name, version, _ := strings.Cut(n, " ")
		l.needs = append(l.needs, need{key: key, name: pep.Normalize(name), version: version})
	}
	return key
}

// connect adds the dependencies between packages of the list. Of a name that is
// locked in several versions, for several environments, none is preferred.
func (l *list) connect() {
	for _, n := range l.needs {
		id := n.name
		if n.version != "" {
			id += " " + n.version
		}
		if keys := l.keys[id]; len(keys) == 1 {
			l.Depend(n.key, keys[0])
		}
	}
}

func publicIndex(address string) bool {
	return strings.HasPrefix(address, "https://pypi.org/") || strings.HasPrefix(address, "https://pypi.python.org/") ||
		strings.HasPrefix(address, "https://files.pythonhosted.org/")
}

// digest reads ALGORITHM:HEX or ALGORITHM=HEX.
func digest(s string) []sbom.Digest {
	d, err := sbom.ParseDigest(strings.Replace(s, "=", ":", 1))
	if err != nil {
		return nil
	}
	return []sbom.Digest{d}
}
