package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// source is what was seen of one source package in one suite.
type source struct {
	Suite, Name, Version, Homepage string
	// License is the short name of the first "Files: *" of a package's copyright file.
	License string
	Files   []file
}

// file is what was seen of one program or library.
type file struct {
	Package, Path, SONAME string
	Needed                []string
	Versions              []seen
	// Named are the strings that have one of the source's names in them.
	Named []string
	// Strings are the hashes of all strings, sorted, of four bytes each.
	Strings []byte
}

// seen is one version, with its surroundings.
type seen struct {
	Before, Text, After, Previous, Next string
	Core                                int // length
	Opened, Closed                      bool
}

// recordFile is where the record of a source is.
func recordFile(dir, suite, name string) string {
	return filepath.Join(dir, suite, name+".json.zst")
}

func (s *source) write(dir string) error {
	return writeRecord(recordFile(dir, s.Suite, s.Name), s)
}

// writeRecord writes a record, wholly or not at all.
func writeRecord(file string, record any) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.Create(file + ".part")
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := zstd.NewWriter(f, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	if err := json.NewEncoder(z).Encode(record); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.Rename(file+".part", file)
}

// readSource reads a record.
func readSource(file string) (*source, error) {
	s := new(source)
	return s, readRecord(file, s)
}

func readRecord(file string, record any) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := zstd.NewReader(bufio.NewReader(f), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	b, err := io.ReadAll(z)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := json.Unmarshal(b, record); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
