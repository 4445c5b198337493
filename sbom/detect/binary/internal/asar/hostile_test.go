package asar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

// archiveOf returns an archive with that header and no content.
func archiveOf(header string) string {
	header += strings.Repeat(" ", -len(header)&3)
	var b []byte
	for _, n := range []int{4, len(header) + 8, len(header) + 4, len(header)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return string(b) + header
}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestLongPaths has a directory with a name of a megabyte, and thousands of files in it, whose
// paths would be as many megabytes.
func TestLongPaths(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"files":{"` + strings.Repeat("x", 1<<20) + `":{"files":{"node_modules":{"files":{`)
	for i := range 5_000 {
		fmt.Fprintf(&b, `"m%d":{"files":{"package.json":{"size":1,"offset":"0"}}},`, i)
	}
	b.WriteString(`"z":{}}}}}}}`)
	file := archiveOf(b.String())
	var p *payload.Payload
	n := allocated(func() { p = Read(payload.Source{ReaderAt: strings.NewReader(file), Size: int64(len(file))}) })
	if n > 64<<20 || !errors.Is(p.Err, detect.ErrLimit) {
		t.Errorf("%d bytes, %v", n, p.Err)
	}
}

// TestSkippedValues has values of many megabytes that nobody asked for.
func TestSkippedValues(t *testing.T) {
	for what, tt := range map[string]struct {
		value string
		want  error
	}{
		"a text": {`"` + strings.Repeat("x", 16<<20) + `"`, detect.ErrLimit},
		"a list": {`[` + strings.Repeat(`"x",`, 1<<18) + `0]`, nil},
	} {
		file := archiveOf(`{"files":{"package.json":{"size":2,"offset":"0"}},"other":`+tt.value+`}`) + "{}"
		var p *payload.Payload
		n := allocated(func() { p = Read(payload.Source{ReaderAt: strings.NewReader(file), Size: int64(len(file))}) })
		if n > 64<<20 || !errors.Is(p.Err, tt.want) {
			t.Errorf("%s: %d bytes, %v", what, n, p.Err)
		}
	}
}

// TestPrograms has a library in the archive, one beside it, and one that would be behind its end.
func TestPrograms(t *testing.T) {
	file := archiveOf(`{"files":{"a.node":{"size":4,"offset":"0"},"b.node":{"size":4,"unpacked":true},"c.so.1":{"size":4,"offset":"9"},"d.js":{"size":4,"offset":"0"}}}`) + "\x7fELF"
	p := Read(payload.Source{ReaderAt: strings.NewReader(file), Size: int64(len(file))})
	if len(p.Programs) != 1 || p.Programs[0].Name != "a.node" || !errors.Is(p.Err, detect.ErrFormat) {
		t.Fatalf("%+v", p)
	}
	r, err := p.Programs[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); string(b) != "\x7fELF" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// TestManyManifests has more packages than are kept.
func TestManyManifests(t *testing.T) {
	var b strings.Builder
	for i := range payload.MaxPackages + 1 {
		fmt.Fprintf(&b, `"m%d":{"files":{"package.json":{"size":1,"offset":"0"}}},`, i)
	}
	file := archiveOf(`{"files":{"node_modules":{"files":{`+b.String()+`"z":{}}}}}`) + "x"
	if p := Read(payload.Source{ReaderAt: strings.NewReader(file), Size: int64(len(file))}); !errors.Is(p.Err, detect.ErrLimit) {
		t.Errorf("%v", p.Err)
	}
}
