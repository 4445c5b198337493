// Command build makes an index of the programs in Debian packages.
//
//	go run ./sbom/detect/binary/fileindex/build [-distribution debian] -o FILE DEB...
//
// A DEB is a package, or a directory of packages. Of each program and library in them it takes the
// build-id and the digest. It needs dpkg-deb, and five to ten packages take a second. The
// exit status is 1 when a package could not be read.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/header"
)

const elfMagic = "\x7fELF"

// maxProgram is the size in bytes of the largest program that is taken in.
const maxProgram = 1 << 30

func main() {
	out := flag.String("o", "", "the index to write")
	distribution := flag.String("distribution", "debian", "namespace of the package URLs")
	flag.Parse()
	if *out == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: build [-distribution debian] -o FILE DEB...")
		os.Exit(2)
	}
	if err := run(os.Stdout, *out, *distribution, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, out, distribution string, paths []string) error {
	var b fileindex.Builder
	programs := 0
	for _, path := range paths {
		debs := []string{path}
		if info, err := os.Stat(path); err != nil {
			return err
		} else if info.IsDir() {
			if debs, err = filepath.Glob(filepath.Join(path, "*.deb")); err != nil {
				return err
			}
		}
		for _, deb := range debs {
			n, err := add(&b, deb, distribution)
			if err != nil {
				return fmt.Errorf("%s: %w", deb, err)
			}
			programs += n
		}
	}
	f, err := os.Create(out) //nolint:gosec // The caller's.
	if err != nil {
		return err
	}
	size, err := b.WriteTo(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%d programs, %d bytes\n", programs, size)
	return err
}

// add adds the programs of a package, and returns how many there are.
func add(b *fileindex.Builder, deb, distribution string) (int, error) {
	fields, err := exec.Command("dpkg-deb", "--show", "--showformat", "${Package}\n${Version}\n${Architecture}\n${source:Package}", deb).Output()
	if err != nil {
		return 0, err
	}
	f := strings.Split(string(fields), "\n")
	if len(f) != 4 {
		return 0, fmt.Errorf("fields %q", fields)
	}
	record := fileindex.Record{Name: f[3], Version: f[1], PURL: sbom.NewPURL("deb", distribution, f[0], f[1], map[string]string{"arch": f[2]})}
	unpack := exec.Command("dpkg-deb", "--fsys-tarfile", deb)
	pipe, err := unpack.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := unpack.Start(); err != nil {
		return 0, err
	}
	n, err := programs(pipe, func(kind fileindex.Kind, id []byte) error {
		return b.Add(&fileindex.Entry{Kind: kind, ID: id, Record: record})
	})
	_, _ = io.Copy(io.Discard, pipe)
	return n, errors.Join(err, unpack.Wait())
}

// programs calls found with the ids of each ELF file in a tar archive, and returns how many there are.
func programs(r io.Reader, found func(fileindex.Kind, []byte) error) (n int, err error) {
	for tr := tar.NewReader(r); ; {
		entry, err := tr.Next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if entry.Typeflag != tar.TypeReg || entry.Size > maxProgram {
			continue
		}
		magic := make([]byte, len(elfMagic))
		if _, err := io.ReadFull(tr, magic); err != nil || string(magic) != elfMagic {
			continue
		}
		content, err := io.ReadAll(io.MultiReader(bytes.NewReader(magic), tr))
		if err != nil {
			return n, err
		}
		h := header.New(int64(len(content)))
		_, _ = h.Write(content)
		facts := h.Facts(func(int64) string { return "" })
		n++
		sum := sha256.Sum256(content)
		if err := found(fileindex.SHA256, sum[:]); err != nil {
			return n, err
		}
		if id, err := hex.DecodeString(facts.BuildID); err == nil && len(id) >= fileindex.MinID && len(id) <= fileindex.MaxID {
			if err := found(fileindex.BuildID, id); err != nil {
				return n, err
			}
		}
	}
}
