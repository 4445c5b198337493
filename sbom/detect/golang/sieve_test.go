package golang

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testbin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testsieve"
)

// sift returns what Detect says when it has seen the file go by in pieces.
func sift(t testing.TB, data []byte, piece int) (*section.Sieve, *detect.Fragment, error) {
	t.Helper()
	return testsieve.Detect(t, New(), detecttest.File{Path: "prog", Data: data}, piece)
}

// same checks that the sieve makes no difference and keeps little.
func same(t *testing.T, data []byte) {
	t.Helper()
	_, _ = testsieve.Same(t, New(), detecttest.File{Path: "prog", Data: data})
}

func TestSieve(t *testing.T) {
	t.Run("stripped", func(t *testing.T) { same(t, linux(t)) })
	t.Run("small", func(t *testing.T) { same(t, small(t)) })
	if testing.Short() {
		t.Skip("compiles the runtime several times")
	}
	for _, tt := range []struct {
		name string
		env  []string
		args []string
	}{
		{"symbols", nil, []string{"-buildvcs=false"}},
		{"position independent", nil, []string{"-buildmode=pie"}},
		{"32 bits", []string{"GOARCH=386"}, nil},
		{"big endian", []string{"GOARCH=s390x"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := build(t, append([]string{"GOOS=linux"}, tt.env...), tt.args...)
			same(t, b)
			if frag := detecttest.Detect(t, New(), "prog", b); len(frag.Components) != 5 {
				t.Errorf("%d components", len(frag.Components))
			}
		})
	}
}

// Linkers other than Go's leave the section headers to the end, with the names of the
// sections somewhere before.
func TestSieveLinkers(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and links outside Go's linker")
	}
	for _, linker := range []string{"bfd", "gold", "lld"} {
		t.Run(linker, func(t *testing.T) {
			if _, err := exec.LookPath("gcc"); err != nil {
				t.Skip(err)
			}
			if _, err := exec.LookPath("ld." + linker); err != nil {
				t.Skip(err)
			}
			same(t, build(t, []string{"CGO_ENABLED=1"}, "-ldflags", "-linkmode=external -extldflags=-fuse-ld="+linker))
		})
	}
}

// Every program of this system is Go or not as debug/buildinfo says, and the sieve
// keeps all that is needed to say so.
func TestSystemPrograms(t *testing.T) {
	dirs := []string{"/usr/bin"}
	if out, err := exec.Command("go", "env", "GOROOT", "GOTOOLDIR").Output(); err == nil {
		root, tools, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		dirs = append(dirs, filepath.Join(root, "bin"), tools)
	}
	slices.Reverse(dirs) // Those that are Go first.
	var patterns []string
	for _, dir := range dirs {
		patterns = append(patterns, filepath.Join(dir, "*"))
	}
	testsieve.System(t, New(), 150, func(f detecttest.File) {
		if bytes.HasPrefix(f.Data, []byte("\x7fELF")) {
			agree(t, f.Path, f.Data)
		}
	}, patterns...)
}

func agree(t *testing.T, name string, data []byte) {
	t.Helper()
	got, err := readELF(bytes.NewReader(data), int64(len(data)), name)
	want, wantErr := buildinfo.Read(bytes.NewReader(data))
	if (wantErr == nil) != (err == nil) || err == nil && got.String() != want.String() {
		t.Errorf("%s: %v, %v; debug/buildinfo: %v, %v", name, got, err, want, wantErr)
	}
	if s, _, err := sift(t, data, 128<<10); errors.Is(err, detect.ErrSkipped) {
		t.Errorf("%s: the sieve did not keep all that is needed", name)
	} else if bi, _ := readELF(s, int64(len(data)), name); (bi == nil) != (got == nil) || bi != nil && bi.String() != got.String() {
		t.Errorf("%s: %v by the sieve", name, bi)
	}
}

// pointed returns a program of Go 1.17 or older: the header of its build information
// points at headers of strings, and these at the strings.
func pointed(t testing.TB, bo binary.ByteOrder) []byte {
	const start, text, off, end = 0x1000, 0x3000, 0x8000, 0x10000
	b := small(t)
	clear(b[start:])
	b = append(b, make([]byte, end-len(b))...)
	le := binary.LittleEndian
	p := b[64:]
	le.PutUint64(p[32:], end-start)
	le.PutUint64(p[40:], end-start)
	copy(b[off:], infoMagic+"\x08")
	if bo == binary.ByteOrder(binary.BigEndian) {
		b[off+15] = infoBigEndian
	}
	frame := "xxxxxxxxxxxxxxxx"
	for i, s := range []string{"go1.16.4", frame + "path\texample.com/p\nmod\texample.com/p\tv1.0.0\t\n" + frame} {
		header := off + 64 + 16*i
		bo.PutUint64(b[off+16+8*i:], uint64(header))
		bo.PutUint64(b[header:], uint64(text+256*i))
		bo.PutUint64(b[header+8:], uint64(len(s)))
		copy(b[text+256*i:], s)
	}
	return b
}

func TestPointers(t *testing.T) {
	for _, bo := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		b := pointed(t, bo)
		got, err := readELF(bytes.NewReader(b), int64(len(b)), "prog")
		want, wantErr := buildinfo.Read(bytes.NewReader(b))
		if err != nil || wantErr != nil || got.String() != want.String() || got.GoVersion != "go1.16.4" {
			t.Errorf("%v: %v, %v; debug/buildinfo: %v, %v", bo, got, err, want, wantErr)
		}
		if _, _, err := sift(t, b, 100); !errors.Is(err, detect.ErrSkipped) {
			t.Errorf("%v: %v, although strings lie before what points at them", bo, err)
		}
	}
}

// What a sieve cannot foresee is an error, and never another answer.
func TestSieveSkips(t *testing.T) {
	le := binary.LittleEndian
	for name, change := range map[string]func(b []byte) []byte{
		"too many magics": func(b []byte) []byte {
			le.PutUint64(b[64+32:], 3<<16)
			le.PutUint64(b[64+40:], 3<<16)
			return append(b, bytes.Repeat([]byte(" "+infoMagic), 100)...)
		},
		"information behind its segment": func(b []byte) []byte {
			b = append(b, make([]byte, keptInfo)...)
			le.PutUint64(b[64+32:], 1<<20)
			le.PutUint64(b[64+40:], 1<<20)
			at := bytes.Index(b, []byte(infoMagic))
			binary.PutUvarint(b[at+infoHeader+9:], keptInfo+100)
			return b
		},
	} {
		b := change(small(t))
		if _, _, err := sift(t, b, 1000); !errors.Is(err, detect.ErrSkipped) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Program headers that come last, as patchelf leaves them, are searched for beforehand.
func TestProgramHeadersLast(t *testing.T) {
	b := small(t)
	le := binary.LittleEndian
	headers := bytes.Clone(b[64 : 64+56])
	clear(b[64 : 64+56])
	b = append(b, make([]byte, 64<<10)...)
	le.PutUint64(b[32:], uint64(len(b)))
	b = append(b, headers...)
	same(t, b)
	if frag := detecttest.Detect(t, New(), "prog", b); len(frag.Components) != 3 {
		t.Errorf("%+v", frag)
	}
}

// The kernel reads a bounded number of program headers, and so do we.
func TestManyProgramHeaders(t *testing.T) {
	b := small(t)
	binary.LittleEndian.PutUint16(b[56:], 0xffff)
	same(t, b)
	if frag := detecttest.Detect(t, New(), "prog", b); frag != nil {
		t.Errorf("%+v of a file that no kernel loads", frag)
	}
	if elf.Type(b[16]) != elf.ET_EXEC {
		t.Error("the seed is no program")
	}
}

func BenchmarkSieve(b *testing.B) {
	data := linux(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := sift(b, data, 128<<10); err != nil {
			b.Fatal(err)
		}
	}
}

// Of other systems' programs a sieve tells those that are not Go; the others are read as
// a whole.
func TestSieveOtherSystems(t *testing.T) {
	data := make([]byte, 64<<10)
	same(t, testbin.PE(".data", data))
	same(t, testbin.MachO("__data", data))
	if testing.Short() {
		t.Skip("compiles the runtime")
	}
	b := build(t, []string{"GOOS=windows"})
	if _, _, err := sift(t, b, 128<<10); !errors.Is(err, detect.ErrSkipped) {
		t.Errorf("a Go program: %v", err)
	}
}
