// Package appended reads the zip file at the end of a program: of frozen Python
// (cx_Freeze and others, zipapp with an interpreter in front), of Java behind a launcher, of
// NW.js.
package appended

import (
	"archive/zip"
	"bytes"
	"cmp"
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

// In reports whether a file whose last bytes are tail may end in a zip file: the record
// that ends its directory, and behind it nothing but a comment (APPNOTE.TXT, 4.3.16).
func In(tail []byte) bool {
	tail = tail[max(0, len(tail)-maxTail-endSize):]
	in := false // By the last such record.
	for {
		at := bytes.Index(tail, []byte("PK\x05\x06"))
		if at < 0 || len(tail)-at < endSize {
			return in
		}
		if tail = tail[at:]; int(tail[20])|int(tail[21])<<8 == len(tail)-endSize {
			in = tail[10]|tail[11] != 0 // It has entries.
		}
		tail = tail[1:]
	}
}

// Read reads the archive that the file ends in.
func Read(file payload.Source) *payload.Payload {
	p := &payload.Payload{Kind: "zip file", Size: file.Size}
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
		if program(entry.Name) {
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

// program reports whether an entry has the name of a library or a program.
func program(name string) bool {
	base := path.Base(name)
	switch path.Ext(base) {
	case ".so", ".dll", ".pyd", ".dylib", ".jnilib", ".node", ".exe":
		return true
	}
	return strings.Contains(base, ".so.")
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
