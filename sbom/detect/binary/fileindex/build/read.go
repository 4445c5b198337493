package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/md5" //nolint:gosec // What dpkg compares installed files with.
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/debarchive"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/header"
)

const elfMagic = "\x7fELF"

// statusFile is where dpkg says what is installed, and infoDir what of.
const (
	statusFile = "var/lib/dpkg/status"
	infoDir    = "var/lib/dpkg/info"
)

// take takes in a package, a directory of packages, or the root of a system.
func (s *store) take(source, architecture string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return s.takeDeb(source)
	}
	if _, err := os.Stat(filepath.Join(source, statusFile)); err == nil {
		return s.takeRoot(source, architecture)
	}
	debs, err := filepath.Glob(filepath.Join(source, "*.deb"))
	if err != nil {
		return err
	}
	if len(debs) == 0 {
		return fmt.Errorf("%s: no packages", source)
	}
	var failed []error
	for _, deb := range debs {
		failed = append(failed, s.takeDeb(deb))
	}
	return errors.Join(failed...)
}

// takeDeb takes in the file of a package.
func (s *store) takeDeb(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	p, found, err := s.programs(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if !s.wanted(p) {
		return nil
	}
	return s.put(p, found)
}

// programs returns the programs in a package.
func (s *store) programs(deb io.Reader) (*debarchive.Package, []program, error) {
	var out []program
	p, err := debarchive.ReadDeb(deb, func(h *tar.Header, r io.Reader) error {
		var sum hash.Hash
		if !s.buildIDs {
			sum = sha256.New()
		}
		found, err := readProgram(r, h.Size, sum)
		if err == nil && found != nil {
			out = append(out, *found)
		}
		return err
	})
	return p, out, err
}

// readProgram returns the build-id and the sum of a program of that size; nil for what is no program, of
// which no more than the beginning is read, and, without a sum, for one that has no build-id.
func readProgram(r io.Reader, size int64, sum hash.Hash) (*program, error) {
	magic := make([]byte, len(elfMagic))
	switch _, err := io.ReadFull(r, magic); {
	case err == io.EOF || err == io.ErrUnexpectedEOF || err == nil && string(magic) != elfMagic:
		return nil, nil
	case err != nil:
		return nil, err
	}
	h := header.New(size)
	to := io.Writer(h)
	if sum != nil {
		to = io.MultiWriter(h, sum)
	}
	if _, err := io.Copy(to, io.MultiReader(bytes.NewReader(magic), r)); err != nil {
		return nil, err
	}
	out := new(program)
	if sum != nil {
		out.digest = sum.Sum(nil)
	}
	id, err := hex.DecodeString(h.Facts(func(int64) string { return "" }).BuildID)
	if err == nil {
		out.buildID = id // Go's is none in hexadecimal.
	}
	if len(out.buildID) == 0 && sum == nil {
		return nil, nil
	}
	return out, nil
}

// takeRoot takes in the packages that are installed in a system.
func (s *store) takeRoot(dir, architecture string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	status, err := root.Open(statusFile)
	if err != nil {
		return err
	}
	packages, err := debarchive.ReadPackages(status)
	if err := errors.Join(err, status.Close()); err != nil {
		return fmt.Errorf("%s: %w", statusFile, err)
	}
	var failed []error
	for _, p := range packages {
		if p.Architecture != architecture || !s.wanted(p) || s.has(p) {
			continue
		}
		found, err := s.installed(root, p)
		if err == nil {
			err = s.put(p, found)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", p.Name, err))
		}
	}
	return errors.Join(failed...)
}

// installed returns the programs of a package that are installed as they were in it, by the list
// of digests that came with it. Of a package without that list it takes none.
func (s *store) installed(root *os.Root, p *debarchive.Package) ([]program, error) {
	var list *os.File
	for _, name := range []string{p.Name, p.Name + ":" + p.Architecture} {
		if f, err := root.Open(infoDir + "/" + name + ".md5sums"); err == nil {
			defer f.Close()
			list = f
		}
	}
	if list == nil {
		return nil, nil
	}
	var out []program
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		want, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok {
			continue
		}
		found, err := s.unchanged(root, name, want)
		if err != nil {
			return nil, err
		}
		if found != nil {
			out = append(out, *found)
		}
	}
	return out, lines.Err()
}

// unchanged returns nil for a file that is no program, not there, or not as it was in its package.
func (s *store) unchanged(root *os.Root, name, want string) (*program, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, nil //nolint:nilerr // Systems leave out what they do not need.
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	old := md5.New() //nolint:gosec // What there is.
	sum := sha256.New()
	found, err := readProgram(io.TeeReader(f, old), info.Size(), sum)
	if err != nil || found == nil || hex.EncodeToString(old.Sum(nil)) != want {
		return nil, err
	}
	if s.buildIDs {
		if found.digest = nil; len(found.buildID) == 0 {
			return nil, nil
		}
	}
	return found, nil
}
