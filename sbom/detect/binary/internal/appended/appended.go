// Package appended reads the zip file at the end of a program: of frozen Python
// (cx_Freeze and others, zipapp with an interpreter in front), of Java behind a launcher, of
// NW.js.
package appended

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/internal/inflate"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/readlimit"
)

// Rule is how the packages were found.
const Rule = "appended-archive"

// Limits.
const (
	maxDirectory = 5 << 20  // bytes of the archive's directory: some 60,000 files
	maxInflated  = 64 << 20 // bytes of manifests
	maxTail      = 64 << 10 // bytes in which the directory's end must be
	endSize      = 22
)

// In reports whether a file whose last bytes are tail may have a zip file in front of them: the
// record that ends its directory (APPNOTE.TXT, 4.3.16). Behind it may be anything: those who
// run such files look for the last record, wherever it is.
func In(tail []byte) bool { return end(tail) >= 0 }

// end returns where in tail the last record is that has entries and may be the end of one
// directory on one disk, -1 if nowhere.
func end(tail []byte) int {
	le, last := binary.LittleEndian, -1
	for at := 0; ; at++ {
		next := bytes.Index(tail[at:], []byte("PK\x05\x06")) // From behind, it would be a tenth as fast.
		if next < 0 {
			return last
		}
		at += next
		r := tail[at:]
		if len(r) < endSize || le.Uint32(r[4:]) != 0 {
			continue
		}
		const header = 46 // bytes of an entry of the directory, and its name
		if n, size := le.Uint16(r[10:]), le.Uint32(r[12:]); n > 0 && n == le.Uint16(r[8:]) && (size > header*uint32(n) || n == 0xffff) {
			last = at
		}
	}
}

// inFront returns the part of the file in front of what follows the archive.
func inFront(file payload.Source) payload.Source {
	from := max(0, file.Size-maxTail-endSize)
	tail, err := file.Bytes(from, file.Size-from, maxTail+endSize)
	at := end(tail)
	if err != nil || at < 0 {
		return file
	}
	comment := int64(binary.LittleEndian.Uint16(tail[at+endSize-2:]))
	return payload.Source{ReaderAt: file.ReaderAt, Size: min(file.Size, from+int64(at)+endSize+comment)}
}

// Read reads the archive that the file ends in, or has near its end.
func Read(file payload.Source) *payload.Payload {
	p := &payload.Payload{Kind: "zip file", Size: file.Size}
	file = inFront(file)
	limited := readlimit.New(file, "zip file", maxDirectory)
	z, err := zip.NewReader(limited, file.Size)
	if err != nil {
		p.Err = cmp.Or(limited.Err(), fmt.Errorf("%w: %v", detect.ErrFormat, err))
		return p
	}
	limited.Lift()
	z.RegisterDecompressor(zip.Deflate, inflate.Decompressor)
	a := archive{left: maxInflated}
	first := file.Size
	for _, entry := range z.File {
		if off, err := entry.DataOffset(); err == nil {
			first = min(first, off)
		}
		if payload.ProgramName(entry.Name) {
			a.program(p, entry)
		}
		if err := a.entry(entry); err != nil && p.Err == nil {
			p.Err = fmt.Errorf("%.200q: %w", entry.Name, err)
		}
	}
	p.Offset, p.Size = first, file.Size-first
	a.set.Tell(p)
	return p
}

// archive collects what the manifests in it say.
type archive struct {
	set  payload.Set
	left int64
}

// entry reads an entry, if it is a manifest.
func (a *archive) entry(entry *zip.File) error {
	parse := parser(entry.Name)
	if parse == nil {
		return nil
	}
	b, err := a.read(entry)
	if err != nil {
		return err
	}
	p, ok := parse(b)
	if !ok {
		return nil
	}
	p.Rule = Rule
	p.Offset, _ = entry.DataOffset()
	a.set.Add(p)
	return nil
}

func (a *archive) program(p *payload.Payload, entry *zip.File) {
	at, err := entry.DataOffset()
	if err != nil {
		return // Reading the manifests fails as well.
	}
	p.AddProgram(payload.Program{Name: entry.Name, Offset: at, Size: int64(min(entry.UncompressedSize64, 1<<62)), Open: func() (io.ReadCloser, error) {
		r, err := entry.Open()
		if err != nil {
			return nil, kind(err)
		}
		return r, nil
	}})
}

// parser returns what reads an entry of that name, nil for what is no manifest.
func parser(name string) func([]byte) (payload.Package, bool) {
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	switch {
	case base == "METADATA" && strings.HasSuffix(dir, ".dist-info"), base == "PKG-INFO" && (strings.HasSuffix(dir, ".egg-info") || path.Base(dir) == "EGG-INFO"):
		return payload.Metadata
	case base == "pom.properties" && strings.HasPrefix(dir, "META-INF/maven/"):
		return payload.PomProperties
	case base == "package.json" && dir == "":
		return func(b []byte) (payload.Package, bool) {
			p, ok := payload.PackageJSON(b)
			p.Own = true
			return p, ok
		}
	case base == "package.json" && strings.Contains("/"+dir, "/node_modules/"):
		return payload.PackageJSON
	}
	return nil
}

func (a *archive) read(entry *zip.File) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, kind(err)
	}
	defer r.Close()
	most := min(a.left, payload.MaxManifest)
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	a.left -= int64(len(b))
	switch {
	case int64(len(b)) > most:
		return nil, &detect.LimitError{Path: "zip file", Limit: most}
	case err != nil:
		return nil, kind(err)
	}
	return b, nil
}

// kind returns the error of package detect that err is one of.
func kind(err error) error {
	if errors.Is(err, zip.ErrAlgorithm) {
		return fmt.Errorf("%w: %v", detect.ErrUnsupported, err)
	}
	return fmt.Errorf("%w: %v", detect.ErrFormat, err)
}
