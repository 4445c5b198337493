// Package asar reads the archives of Electron applications: a header of JSON that is a tree
// of files, and their content behind it (electron/asar, "Format").
package asar

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

const kind = "asar archive"

// Rule is how the packages were found.
const Rule = "asar-manifest"

// Limits.
const (
	maxHeader   = 32 << 20 // bytes; that of an application of 30,000 files has 8 MB
	maxDepth    = 128      // directories in each other
	maxPath     = 4 << 10  // bytes of a path
	maxRead     = 64 << 20 // bytes of manifests
	headerStart = 16       // four numbers: sizes of the header, each as a Chromium pickle has them
)

// Is reports whether a file that begins with head is an archive.
func Is(head []byte) bool {
	return len(head) >= headerStart+2 && binary.LittleEndian.Uint32(head) == 4 && bytes.HasPrefix(head[headerStart:], []byte(`{"`)) &&
		uint64(binary.LittleEndian.Uint32(head[4:])) == uint64(binary.LittleEndian.Uint32(head[8:]))+4 &&
		uint64(binary.LittleEndian.Uint32(head[12:]))+4 <= uint64(binary.LittleEndian.Uint32(head[8:]))
}

// manifest is a package.json in the archive.
type manifest struct {
	path         string
	offset, size int64
}

// Read reads the archive that a file is.
func Read(file payload.Source) *payload.Payload {
	p := &payload.Payload{Kind: kind, Size: file.Size}
	head, err := file.Bytes(0, headerStart, headerStart)
	if err != nil {
		p.Err = err
		return p
	}
	length, size := int64(binary.LittleEndian.Uint32(head[12:])), int64(binary.LittleEndian.Uint32(head[4:]))
	if length > file.Size-headerStart {
		p.Err = fmt.Errorf("%w: the header is not in the file", detect.ErrFormat)
		return p
	}
	header := bufio.NewReaderSize(file.Part(headerStart, length), 64<<10)
	t := tree{dec: payload.NewDecoder(header, maxHeader), file: file, base: 8 + size, into: p}
	if err := t.directory(""); err != nil && p.Err == nil {
		p.Err = err
	}
	var set payload.Set
	left := int64(maxRead)
	for _, m := range t.manifests {
		b, err := file.Bytes(m.offset, m.size, min(left, payload.MaxManifest))
		if err != nil {
			p.Err = fmt.Errorf("%.200q: %w", m.path, err)
			continue
		}
		left -= m.size
		if x, ok := payload.PackageJSON(b); ok {
			x.Offset, x.Rule, x.Own = m.offset, Rule, m.path == "/package.json"
			set.Add(x)
		}
	}
	set.Tell(p)
	return p
}

// tree reads the header as it goes by: a directory of a million files needs no more
// memory than the one file.
type tree struct {
	dec       *json.Decoder
	file      payload.Source
	into      *payload.Payload
	base      int64 // of the content
	depth     int
	manifests []manifest
}

func malformed(err error) error {
	switch {
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	case errors.Is(err, detect.ErrLimit):
		return err
	}
	return fmt.Errorf("%w: header of the archive: %v", detect.ErrFormat, err)
}

// directory reads the object of a directory or file at a path.
func (t *tree) directory(file string) error {
	if len(file) > maxPath { // Each file has that of its directories.
		return &detect.LimitError{Path: kind, Limit: maxPath, What: "bytes of a path"}
	}
	if t.depth++; t.depth > maxDepth {
		return &detect.LimitError{Path: kind, Limit: maxDepth, What: "directories in each other"}
	}
	defer func() { t.depth-- }()
	var size int64
	var offset, link string
	var unpacked bool
	err := t.object(func(key string) error {
		switch key {
		case "files":
			return t.object(func(name string) error { return t.directory(file + "/" + name) })
		case "size":
			return t.value(&size)
		case "offset":
			return t.value(&offset)
		case "link":
			return t.value(&link)
		case "unpacked":
			return t.value(&unpacked)
		}
		if err := payload.SkipValue(t.dec); err != nil {
			return malformed(err)
		}
		return nil
	})
	// Files that are not packed lie beside the archive.
	program := payload.ProgramName(file)
	if err != nil || unpacked || link != "" || offset == "" || !program && !wanted(file) {
		return err
	}
	at, err := strconv.ParseInt(offset, 10, 62)
	if err != nil || at < 0 || size < 0 {
		return malformed(fmt.Errorf("offset %.40q", offset))
	}
	if program {
		t.program(file, t.base+at, size)
		return nil
	}
	if len(t.manifests) == payload.MaxPackages {
		return &detect.LimitError{Path: kind, Limit: payload.MaxPackages, What: "packages"}
	}
	const shown = 200 // of a path, in errors
	t.manifests = append(t.manifests, manifest{strings.Clone(file[:min(len(file), shown)]), t.base + at, size})
	return nil
}

// program adds a program or library. Those that are not packed are files of their own.
func (t *tree) program(file string, at, size int64) {
	if at > t.file.Size || size > t.file.Size-at {
		if t.into.Err == nil {
			t.into.Err = fmt.Errorf("%.200q: %w: content outside of the archive", file, detect.ErrFormat)
		}
		return
	}
	t.into.AddProgram(payload.Program{Name: path.Base(file), Offset: at, Size: size, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(t.file.Part(at, size)), nil
	}})
}

// wanted reports whether a path is that of a package's manifest: of the application, or in
// the directory of a package. Names that lead elsewhere are no names of packages.
func wanted(path string) bool {
	if path == "/package.json" {
		return true
	}
	dir, ok := strings.CutSuffix(path, "/package.json")
	i := strings.LastIndex(dir, "/node_modules/")
	if !ok || i < 0 {
		return false
	}
	name := dir[i+len("/node_modules/"):]
	return strings.Count(name, "/") == strings.Count(name[:min(1, len(name))], "@")
}

// object calls each for the keys of an object; each reads the value.
func (t *tree) object(each func(key string) error) error {
	open, err := t.dec.Token()
	if err != nil {
		return malformed(err)
	}
	if open != json.Delim('{') {
		return malformed(fmt.Errorf("%v is no object", open))
	}
	for t.dec.More() {
		key, err := t.dec.Token()
		if err != nil {
			return malformed(err)
		}
		if err := each(key.(string)); err != nil {
			return err
		}
	}
	if _, err := t.dec.Token(); err != nil {
		return malformed(err)
	}
	return nil
}

func (t *tree) value(v any) error {
	if err := t.dec.Decode(v); err != nil {
		return malformed(err)
	}
	return nil
}
