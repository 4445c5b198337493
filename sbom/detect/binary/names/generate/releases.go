package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
)

// releases are the projects by their names as [names.Key] has them.
type releases map[string]*project

// project is how Debian writes a project's name, and the versions as [upstream.Canonical] has them.
type project struct {
	name     string
	versions map[string]bool
	library  bool // others link what it has
}

func writeReleases(out string, lists []string) error {
	all := make(releases)
	for _, list := range lists {
		f, err := os.Open(list)
		if err != nil {
			return err
		}
		if err := errors.Join(all.read(f), f.Close()); err != nil {
			return fmt.Errorf("%s: %w", list, err)
		}
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	return errors.Join(all.write(f), f.Close())
}

// read takes in a list of packages: of those that have programs or libraries.
func (r releases) read(list io.Reader) error {
	fields := make(map[string]string)
	s := bufio.NewScanner(list)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if s.Text() == "" {
			r.add(fields)
			clear(fields)
		} else if key, value, ok := strings.Cut(s.Text(), ": "); ok {
			fields[key] = value
		}
	}
	r.add(fields)
	return s.Err()
}

// add takes in a package. Its own version is the source's where the field "Source" has none.
func (r releases) add(p map[string]string) {
	if p["Architecture"] == "all" || p["Package"] == "" {
		return // Nothing that runs.
	}
	source, version, _ := strings.Cut(p["Source"], " ")
	if source == "" {
		source = p["Package"]
	}
	version = strings.Trim(version, "()")
	if version == "" {
		version = p["Version"]
	}
	name := upstream.Title(upstream.Project(source, p["Homepage"]))
	key := names.Key(name)
	if len(key) < 2 || otherwise[source] {
		return
	}
	if r[key] == nil {
		r[key] = &project{name: name, versions: make(map[string]bool)}
	}
	r[key].take(name, upstream.Canonical(upstream.Version(version)), p["Package"], p["Section"])
}

// otherwise are sources that are not what all the world calls so: docker is a part of a desktop there,
// and docker.io what runs containers.
var otherwise = map[string]bool{"docker": true}

// take takes in a version of a package. What is only for compiling is no sign of a release.
func (p *project) take(name, version, of, section string) {
	p.name = min(p.name, name)
	p.library = p.library || section == "libs" || strings.HasPrefix(of, "lib")
	if !strings.HasSuffix(of, "-dev") && version != "0" && version != "" && len(version) <= 40 && version[0] >= '0' && version[0] <= '9' {
		p.versions[version] = true
	}
}

func (r releases) write(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(r)) {
		p := r[key]
		if len(p.versions) == 0 {
			continue
		}
		if p.name == key {
			p.name = ""
		}
		if p.library {
			key += "*"
		}
		if _, err := fmt.Fprintf(z, "%s\t%s\t%s\n", key, p.name, strings.Join(slices.Sorted(maps.Keys(p.versions)), " ")); err != nil {
			return err
		}
	}
	return z.Close()
}
