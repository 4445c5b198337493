package inflate_test

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// mostMemory is what a reader may take, in bytes.
const mostMemory = 256 << 10

// TestMemory measures all that a reader allocates, reading a stream with every kind of block.
func TestMemory(t *testing.T) {
	in, out := longStream()
	file := member{flags: 0x1e, extra: make([]byte, 65535), name: make([]byte, 1), comment: make([]byte, 1), deflated: in, text: out}.bytes()
	for _, row := range []struct {
		f  format
		in []byte
	}{{deflate, in}, {gzipFile, file}} {
		least := ^uint64(0)
		for range 5 { // The runtime itself may allocate meanwhile.
			src := bytes.NewReader(row.in)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d := newDecoder(row.f)
			d.Reset(src)
			_, err := d.WriteTo(io.Discard)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			least = min(least, after.TotalAlloc-before.TotalAlloc)
		}
		t.Logf("%v: %d bytes", row.f, least)
		if least >= mostMemory {
			t.Errorf("%v: %d bytes, want less than %d", row.f, least, mostMemory)
		}
	}
}

func newDecoder(f format) decoder {
	if f == gzipFile {
		return inflate.NewGzipReader(nil)
	}
	return inflate.NewReader(nil)
}

// TestNoAllocations decodes again and again with one reader, in each way, without any allocation.
func TestNoAllocations(t *testing.T) {
	in, out := longStream()
	file := member{flags: 0x1e, extra: make([]byte, 100), name: make([]byte, 1), comment: make([]byte, 1), deflated: in, text: out}.bytes()
	buf := new(inflate.Buffer)
	sinks := map[string]func(decoder) error{
		"WriteTo": func(d decoder) error { _, err := d.WriteTo(io.Discard); return err },
		"Read": func(d decoder) error {
			for {
				if _, err := d.Read(buf[:]); err != nil {
					return notEnd(err)
				}
			}
		},
		"Fill": func(d decoder) error {
			for {
				if _, err := d.Fill(buf); err != nil {
					return notEnd(err)
				}
			}
		},
	}
	for name, sink := range sinks {
		for f, in := range [][]byte{deflate: in, gzipFile: append(bytes.Clone(file), file...)} {
			d, src := newDecoder(format(f)), new(bytes.Reader)
			allocations := testing.AllocsPerRun(5, func() {
				src.Reset(in)
				d.Reset(src)
				if err := sink(d); err != nil {
					t.Fatal(err)
				}
			})
			if allocations != 0 {
				t.Errorf("%v by %s: %v allocations", format(f), name, allocations)
			}
		}
	}
}
