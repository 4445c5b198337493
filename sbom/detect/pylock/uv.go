package pylock

import (
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/boundtoml"
)

// uvPackage is an entry of a uv.lock.
type uvPackage struct {
	Name         string         `toml:"name"`
	Version      string         `toml:"version"`
	Source       any            `toml:"source"` // a table, a text in drafts
	Sdist        uvFile         `toml:"sdist"`
	Wheels       []uvFile       `toml:"wheels"`
	Dependencies []uvDependency `toml:"dependencies"`
}

type uvFile struct {
	Hash string `toml:"hash"`
}

type uvDependency struct {
	Name    string `toml:"name"`
	Version string `toml:"version"`
	Marker  string `toml:"marker"`
}

func (d *uvDependency) need() string { return strings.TrimSpace(d.Name + " " + d.Version) }

// readUV reads uv.lock. The source is a table of one of: registry, git, url, path,
// and directory, editable, virtual for the application's own.
func readUV(l *list, b []byte) error {
	var doc struct {
		Version       int         `toml:"version"`
		Packages      []uvPackage `toml:"package"`
		Distributions []uvPackage `toml:"distribution"` // drafts
	}
	err := boundtoml.Unmarshal(b, &doc)
	if err == nil && doc.Version != 1 {
		err = fmt.Errorf("%w: lock file version %d", detect.ErrUnsupported, doc.Version)
	}
	for _, in := range append(doc.Packages, doc.Distributions...) {
		p := in.pkg()
		if p == nil {
			continue
		}
		for _, f := range append(in.Wheels, in.Sdist) {
			p.hashes = append(p.hashes, digest(f.Hash)...)
		}
		for _, d := range in.Dependencies {
			if d.Marker == "" {
				p.needs = append(p.needs, d.need())
			}
		}
		l.add(p)
	}
	return err
}

// pkg returns nil for the application's own code.
func (in *uvPackage) pkg() *pkg {
	p := &pkg{name: in.Name, version: in.Version}
	source, _ := in.Source.(map[string]any)
	text := func(key string) string {
		s, _ := source[key].(string)
		return s
	}
	switch {
	case text("directory") != "" || text("editable") != "" || text("virtual") != "":
		return nil
	case text("git") != "":
		address, commit, _ := strings.Cut(text("git"), "#")
		p.vcs, p.commit = address, commit
	case text("url") != "":
		p.address = text("url")
	case text("registry") != "":
		p.index = text("registry")
	}
	return p
}

// readPylock reads the standard format (PEP 751).
func readPylock(l *list, b []byte) error {
	type archive struct {
		URL    string            `toml:"url"`
		Hashes map[string]string `toml:"hashes"`
	}
	var doc struct {
		Version  string `toml:"lock-version"`
		Packages []struct {
			Name         string         `toml:"name"`
			Version      string         `toml:"version"`
			Index        string         `toml:"index"`
			Dependencies []uvDependency `toml:"dependencies"`
			Directory    map[string]any `toml:"directory"`
			VCS          struct {
				Type   string `toml:"type"`
				URL    string `toml:"url"`
				Commit string `toml:"commit-id"`
			} `toml:"vcs"`
			Archive archive   `toml:"archive"`
			Sdist   archive   `toml:"sdist"`
			Wheels  []archive `toml:"wheels"`
		} `toml:"packages"`
	}
	err := boundtoml.Unmarshal(b, &doc)
	if err == nil && !strings.HasPrefix(doc.Version, "1.") {
		err = fmt.Errorf("%w: lock version %.20q", detect.ErrUnsupported, doc.Version)
	}
	for i := range doc.Packages {
		in := &doc.Packages[i]
		if in.Directory != nil {
			continue
		}
		p := &pkg{name: in.Name, version: in.Version, index: in.Index, address: in.Archive.URL, vcs: in.VCS.URL, commit: in.VCS.Commit}
		if p.vcs != "" && in.VCS.Type != "" && !strings.Contains(p.vcs, "+") {
			p.vcs = in.VCS.Type + "+" + p.vcs
		}
		for _, a := range append(in.Wheels, in.Sdist, in.Archive) {
			p.hashes = append(p.hashes, tableDigests(a.Hashes)...)
		}
		for _, d := range in.Dependencies {
			p.needs = append(p.needs, d.need())
		}
		l.add(p)
	}
	return err
}
