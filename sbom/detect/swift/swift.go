// Package swift finds the packages that Swift Package Manager locks.
//
// Package.resolved, in its versions 1 to 3, declares packages ([sbom.ScopeDeclared]):
// programs have them compiled in, and nothing in a program says which. Its directories are
// of the application, or of an Xcode project.
//
// A package is called after the address of its repository, as its package URL wants it
// (pkg:swift/github.com/apple/swift-nio). One that is locked to a commit has that as
// its version. One of a registry has scope and name instead of an address, and one from a
// directory neither: package URLs need a name space, so that it has none.
package swift

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// maxFile is the size in bytes of the largest file that is read. One with 100 packages
// has 30 KB.
const maxFile = 4 << 20

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

func (detector) ID() detect.ID { return detect.ID{Name: "swift", Version: "2"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Swift",
		Reads:     []string{"Package.resolved"},
		PURLs:     []string{"swift"},
		Scopes:    []sbom.Scope{sbom.ScopeDeclared, sbom.ScopeFixture},
	}
}

func (detector) Wants(e *detect.Entry) bool {
	return e.Size > 0 && path.Base(e.Path) == "Package.resolved" && !checkedOut(e.Path) && !declared.Foreign(e.Path)
}

// checkedOut reports whether a file is in a package that Swift Package Manager fetched: its
// lock file serves the development of that.
func checkedOut(file string) bool {
	return strings.Contains("/"+file, "/.build/checkouts/") || strings.Contains("/"+file, "/SourcePackages/checkouts/")
}

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	b, err := ospkg.Bytes(f, maxFile)
	if err != nil {
		return nil, err
	}
	pins, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	l := declared.New(f)
	for _, p := range pins {
		if l.Full() {
			break
		}
		add(l, p)
	}
	return l.Fragment()
}

// parse returns the pins of a file.
func parse(b []byte) ([]statement.Object, error) {
	var file struct {
		Version int                `json:"version"`
		Pins    []statement.Object `json:"pins"`
		Object  struct {
			Pins []statement.Object `json:"pins"`
		} `json:"object"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	switch file.Version {
	case 1:
		return file.Object.Pins, nil
	case 2, 3:
		return file.Pins, nil
	}
	return nil, fmt.Errorf("%w: version %d", detect.ErrUnsupported, file.Version)
}

// add adds a pin: version 1 calls the fields otherwise.
func add(l *declared.List, p statement.Object) {
	identity, location := p.Text("identity"), p.Text("location")
	if identity == "" {
		identity, location = p.Text("package"), p.Text("repositoryURL")
	}
	state := p.Object("state")
	commit := oneline.Token(state.Text("revision"), 64)
	version := oneline.Token(state.Text("version"), 128)
	if version == "" {
		version = commit
	}
	c := sbom.Component{Version: version}
	registry := p.Text("kind") == "registry"
	if registry {
		c.Group, c.Name, _ = strings.Cut(identity, ".")
	} else if c.Group, c.Name = split(location); c.Name == "" {
		c.Name = oneline.Token(identity, 256)
	}
	if c.Name == "" || version == "" || registry && !ospkg.ValidName(c.Group) {
		l.Gaps.Add(sbom.GapIncomplete, "%s is locked without a valid name and version", ospkg.Clip(identity))
		return
	}
	if c.Group != "" {
		c.PURL = sbom.NewPURL("swift", c.Group, c.Name, version, nil)
	}
	if commit != version {
		c.Properties = statement.Property(c.Properties, "swift:revision", commit)
	}
	c.Properties = statement.Property(c.Properties, "swift:branch", state.Text("branch"))
	c.References = origin.Refer(nil, origin.VCS, location)
	l.Add(c)
}

// split returns host and path of a repository's address, and its last name without
// ".git"; nothing for a directory.
func split(location string) (namespace, name string) {
	u := origin.Repository(location, "")
	_, rest, ok := strings.Cut(u, "://")
	if !ok || strings.HasPrefix(u, "git+file:") {
		return "", ""
	}
	rest = rest[strings.IndexByte(rest, '@')+1:]
	rest = strings.TrimSuffix(strings.Trim(rest, "/"), ".git")
	namespace, name = path.Split(rest)
	if namespace = strings.Trim(namespace, "/"); namespace == "" {
		return "", ""
	}
	return namespace, name
}
