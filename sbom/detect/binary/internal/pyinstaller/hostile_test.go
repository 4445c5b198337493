package pyinstaller

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

// counted counts the bytes that are read of a file.
type counted struct {
	io.ReaderAt
	n int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// TestManyTables has thousands of entries for one archive of modules.
func TestManyTables(t *testing.T) {
	var names []string
	for i := range 10_000 {
		names = append(names, fmt.Sprint("m", i))
	}
	one := frozen(pyz(names...))
	files := []file{pyz(names...)}
	for range 3_000 {
		files = append(files, file{'z', "x", "", true})
	}
	data := frozen(files...)
	at := bytes.Index(data, []byte("PYZ.pyz")) - entryHeader
	for b := data[at+32:]; bytes.HasPrefix(b[entryHeader:], []byte("x\x00")); b = b[32:] {
		copy(b[4:12], data[at+4:])
	}
	src := &counted{ReaderAt: bytes.NewReader(data)}
	p := Read(payload.Source{ReaderAt: src, Size: int64(len(data))})
	if most := maxInflated + 4*int64(len(data)); src.n > most || !errors.Is(p.Err, detect.ErrLimit) {
		t.Errorf("%d bytes were read, %v; of an archive with one, %d", src.n, p.Err, len(one))
	}
}

// TestManyManifests has more manifests than packages are kept, each of which is decompressed.
func TestManyManifests(t *testing.T) {
	var files []file
	for range payload.MaxPackages + 2 {
		files = append(files, file{'x', "a.dist-info/RECORD", "", true})
	}
	if p := read(frozen(files...)); !errors.Is(p.Err, detect.ErrLimit) {
		t.Errorf("%v", p.Err)
	}
}

// TestLongNames has modules whose names are of some megabytes.
func TestLongNames(t *testing.T) {
	p := read(frozen(pyz("short", strings.Repeat("x", 200))))
	if len(p.Names) != 2 {
		t.Errorf("%q", p.Names)
	}
}
