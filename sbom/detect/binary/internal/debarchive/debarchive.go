// Package debarchive reads what programs of this repository make their tables from: the lists
// and packages of an archive of Debian, deb(5).
//
// It trusts the archive no further than that it bounds what it keeps: whoever fetches
// compares digests.
package debarchive

import (
	"bufio"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/internal/deb822"
)

// ErrFormat is the error for what is no package or list.
var ErrFormat = errors.New("malformed archive of packages")

// maxList is the greatest size of a list of packages in bytes.
const maxList = 1 << 30

// Package is what a list of packages, or a package itself, says of it.
type Package struct {
	Name, Version, Architecture, Maintainer string
	// Source and SourceVersion are of the source package that it was built from.
	Source, SourceVersion string
	// Filename is its place in the archive, SHA256 its digest in hexadecimal, and Size its
	// length in bytes: in lists alone.
	Filename, SHA256 string
	Size             int64
	// BuildIDs are in hexadecimal, and those of the programs that a package of debugging
	// symbols is for: in others there are none.
	BuildIDs []string
}

// ReadPackages returns the packages of a list (Packages, or dpkg's status: of that, those that
// are installed).
func ReadPackages(r io.Reader) ([]*Package, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxList+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxList {
		return nil, ErrFormat
	}
	var out []*Package
	for s := range deb822.Stanzas(string(text)) {
		if status, ok := s.Lookup("Status"); ok && !strings.HasSuffix(status, " installed") {
			continue
		}
		if p := newPackage(s); p != nil {
			out = append(out, p)
		}
	}
	return out, nil
}

// newPackage returns nil for a stanza that is of no package.
func newPackage(s *deb822.Stanza) *Package {
	p := &Package{Name: s.Get("Package"), Version: s.Get("Version"), Architecture: s.Get("Architecture"),
		Maintainer: s.Get("Maintainer"), Filename: s.Get("Filename"), SHA256: s.Get("SHA256")}
	if p.Name == "" || p.Version == "" || p.Architecture == "" {
		return nil
	}
	p.Source, p.SourceVersion = p.Name, p.Version
	if source := s.Get("Source"); source != "" {
		p.Source = source
		if name, version, ok := strings.Cut(source, " ("); ok {
			p.Source, p.SourceVersion = name, strings.TrimSuffix(version, ")")
		}
	}
	p.Size, _ = strconv.ParseInt(s.Get("Size"), 10, 64)
	p.BuildIDs = strings.Fields(s.Get("Build-Ids"))
	return p
}

// ReadContents returns the names of the packages that have a file which may be a program or a shared
// library, by a list of files (Contents).
func ReadContents(r io.Reader) (map[string]bool, error) {
	out := make(map[string]bool)
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		i := strings.LastIndexAny(s.Text(), " \t")
		if i < 0 || !mayBeProgram(strings.TrimRight(s.Text()[:i], " \t")) {
			continue
		}
		for name := range strings.SplitSeq(s.Text()[i+1:], ",") {
			out[path.Base(name)] = true
		}
	}
	return out, s.Err()
}

// mayBeProgram reports whether a file of that path may be a program or a shared library.
func mayBeProgram(file string) bool {
	file = strings.TrimPrefix(file, "usr/")
	top, rest, ok := strings.Cut(file, "/")
	if !ok || top == "lib" && strings.HasPrefix(rest, "debug/") {
		return false
	}
	switch {
	case top == "bin" || top == "sbin" || top == "games":
		return true
	case strings.HasPrefix(top, "lib") || top == "opt":
		base := path.Base(rest)
		return strings.Contains(base, ".so") || path.Ext(base) == ".node" || path.Ext(base) == ""
	}
	return false
}
