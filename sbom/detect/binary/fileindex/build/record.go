package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/debarchive"
)

// record is what was read of a package.
type record struct {
	debarchive.Package
	distro   string
	programs []program
}

// program is one program or library. It has a digest or a build-id or both.
type program struct{ buildID, digest []byte }

// store keeps records. It is safe for concurrent use when allow is no longer called.
type store struct {
	dir      string // none if empty
	distro   string
	buildIDs bool            // and no digests
	allowed  map[string]bool // names with maintainers; all packages if nil

	mu   sync.Mutex
	list []*record
}

// allow adds a list of packages to those that may be taken.
func (s *store) allow(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	plain, err := debarchive.Decompress(file, f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	packages, err := debarchive.ReadPackages(plain)
	if err := errors.Join(err, plain.Close()); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if s.allowed == nil {
		s.allowed = make(map[string]bool)
	}
	for _, p := range packages {
		s.allowed[origin(p)] = true
	}
	return nil
}

// wanted reports whether a package may be taken. Lists have the newest version of each package alone,
// and images have older ones.
func (s *store) wanted(p *debarchive.Package) bool {
	return !leftOut(p.Name) && (s.allowed == nil || s.allowed[origin(p)])
}

// origin tells a package from another distribution's of the same name.
func origin(p *debarchive.Package) string { return p.Name + "\n" + p.Maintainer }

// idOf is the name that dpkg gives to the file of a package.
func idOf(p *debarchive.Package) string {
	return p.Name + "_" + strings.ReplaceAll(p.Version, ":", "%3a") + "_" + p.Architecture
}

// fileOf returns where the record of a package is kept. Names of packages have no slash; if
// one has all the same, it is an error to write it.
func (s *store) fileOf(p *debarchive.Package) string {
	return filepath.Join(s.dir, s.distro, strings.ReplaceAll(idOf(p), "/", "%2f"))
}

// has reports whether the record of a package was kept by an earlier run.
func (s *store) has(p *debarchive.Package) bool {
	if s.dir == "" {
		return false
	}
	_, err := os.Stat(s.fileOf(p))
	return err == nil
}

// put keeps the record of a package.
func (s *store) put(p *debarchive.Package, programs []program) error {
	r := &record{*p, s.distro, programs}
	if s.dir == "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.list = append(s.list, r)
		return nil
	}
	text := r.text()
	if line, _, _ := strings.Cut(text, "\n"); len(strings.Fields(line)) != headFields {
		return fmt.Errorf("%w: a package called %q", debarchive.ErrFormat, line)
	}
	file := s.fileOf(p)
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	if err := os.WriteFile(file+".part", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".part", file)
}

// headFields is the number of fields in the first line of a record's file.
const headFields = 6

// text is what is in the file of a record: a line of the package, and one for each program.
func (r *record) text() string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Name, r.Version, r.Architecture, r.Source, r.SourceVersion, r.distro)
	for _, p := range r.programs {
		fmt.Fprintf(&b, "%x %x\n", p.buildID, p.digest)
	}
	return b.String()
}

// all returns all records.
func (s *store) all() ([]*record, error) {
	if s.dir == "" {
		return s.list, nil
	}
	var out []*record
	err := filepath.WalkDir(s.dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.HasSuffix(file, ".part") {
			return err
		}
		r, err := readRecord(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		out = append(out, r)
		return nil
	})
	return out, err
}

func readRecord(file string) (*record, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Scan()
	head := strings.Fields(s.Text())
	if len(head) != headFields {
		return nil, fmt.Errorf("first line %q", s.Text())
	}
	r := &record{distro: head[5]}
	r.Name, r.Version, r.Architecture, r.Source, r.SourceVersion = head[0], head[1], head[2], head[3], head[4]
	for s.Scan() {
		buildID, digest, ok := strings.Cut(s.Text(), " ")
		id, err := hex.DecodeString(buildID)
		sum, sumErr := hex.DecodeString(digest)
		if err != nil || sumErr != nil || !ok {
			return nil, fmt.Errorf("line %q", s.Text())
		}
		r.programs = append(r.programs, program{id, sum})
	}
	return r, s.Err()
}
