package pylock

import (
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/boundtoml"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/pep"
)

// readPoetry reads poetry.lock. Up to version 1 digests are in the metadata, by
// the name of the package; since 2.0 in the package.
func readPoetry(l *list, b []byte) error {
	type file struct {
		Hash string `toml:"hash"`
	}
	var doc struct {
		Packages []struct {
			Name         string         `toml:"name"`
			Version      string         `toml:"version"`
			Category     string         `toml:"category"` // until 1.5
			Groups       []string       `toml:"groups"`   // since 2.1
			Optional     bool           `toml:"optional"`
			Files        []file         `toml:"files"`
			Dependencies map[string]any `toml:"dependencies"`
			Source       struct {
				Type, URL, Reference string
				Commit               string `toml:"resolved_reference"`
			} `toml:"source"`
		} `toml:"package"`
		Metadata struct {
			Files  map[string][]file   `toml:"files"`
			Hashes map[string][]string `toml:"hashes"`
		} `toml:"metadata"`
	}
	err := boundtoml.Unmarshal(b, &doc)
	for i := range doc.Packages {
		in := &doc.Packages[i]
		p := &pkg{name: in.Name, version: in.Version, optional: in.Optional}
		p.dev = in.Category != "" && in.Category != "main" || len(in.Groups) > 0 && !slices.Contains(in.Groups, "main")
		switch in.Source.Type {
		case "directory":
			continue
		case "git":
			p.vcs, p.commit = in.Source.URL, in.Source.Commit
		case "url":
			p.address = in.Source.URL
		case "legacy":
			p.index = in.Source.URL
		}
		for _, f := range append(in.Files, doc.Metadata.Files[in.Name]...) {
			p.hashes = append(p.hashes, digest(f.Hash)...)
		}
		for _, sum := range doc.Metadata.Hashes[in.Name] { // of the first version, bare
			p.hashes = append(p.hashes, digest("sha256:"+sum)...)
		}
		for name, constraint := range in.Dependencies {
			if !optionalDependency(constraint) {
				p.needs = append(p.needs, name)
			}
		}
		l.add(p)
	}
	return err
}

// optionalDependency reports whether a dependency is for an extra only, or depends
// on the environment; an array has one for each environment.
func optionalDependency(constraint any) bool {
	switch c := constraint.(type) {
	case map[string]any:
		marker, _ := c["markers"].(string)
		return c["optional"] == true || marker != ""
	case []any, []map[string]any:
		return true
	}
	return false
}

// readPDM reads pdm.lock. Digests are in the package since version 4.3, before in
// the metadata by name and version.
func readPDM(l *list, b []byte) error {
	type file struct {
		Hash string `toml:"hash"`
	}
	var doc struct {
		Packages []struct {
			Name         string   `toml:"name"`
			Version      string   `toml:"version"`
			Groups       []string `toml:"groups"`
			Files        []file   `toml:"files"`
			Dependencies []string `toml:"dependencies"`
			Git          string   `toml:"git"`
			Revision     string   `toml:"revision"`
			URL          string   `toml:"url"`
			Path         string   `toml:"path"`
			Editable     bool     `toml:"editable"`
		} `toml:"package"`
		Metadata struct {
			Files map[string][]file `toml:"files"`
		} `toml:"metadata"`
	}
	err := boundtoml.Unmarshal(b, &doc)
	for i := range doc.Packages {
		in := &doc.Packages[i]
		if in.Editable || in.Path != "" && !isArchive(in.Path) {
			continue
		}
		p := &pkg{name: in.Name, version: in.Version, address: in.URL, vcs: in.Git, commit: in.Revision}
		p.dev = len(in.Groups) > 0 && !slices.Contains(in.Groups, "default")
		for _, f := range append(in.Files, doc.Metadata.Files[in.Name+" "+in.Version]...) {
			p.hashes = append(p.hashes, digest(f.Hash)...)
		}
		for _, dependency := range in.Dependencies {
			p.needs = appendNeed(p.needs, dependency)
		}
		l.add(p)
	}
	return err
}

// appendNeed adds the name in a requirement that holds in every environment.
func appendNeed(needs []string, requirement string) []string {
	if r, ok := pep.Parse(requirement); ok && r.Marker == "" {
		return append(needs, r.Name)
	}
	return needs
}

// isArchive reports whether a local path is that of a package's archive, and not of
// a directory.
func isArchive(path string) bool {
	for _, suffix := range []string{".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz"} {
		if strings.HasSuffix(path, suffix) {
			return true
		}
	}
	return false
}

// tableDigests reads tables of hashes by algorithm.
func tableDigests(table map[string]string) []sbom.Digest {
	var out []sbom.Digest
	for _, algorithm := range []string{"md5", "sha1", "sha224", "sha256", "sha384", "sha512"} {
		out = append(out, digest(algorithm+":"+table[algorithm])...)
	}
	return out
}
