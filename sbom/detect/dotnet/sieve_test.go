package dotnet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testbin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testsieve"
)

// appended returns a single-file application as the SDK bundles it: a host, whose
// signature the bundler points to the header, the files, the deps.json one of them, and
// the header.
func appended(host []byte, list string) []byte {
	b := append(bytes.Clone(host), strings.Repeat("a file of the bundle ", 20_000)...)
	at := len(b)
	b = append(append(b, list...), strings.Repeat("another ", 10_000)...)
	mark := bytes.Index(host, []byte(signature))
	binary.LittleEndian.PutUint64(b[mark-8:], uint64(len(b)))
	for _, n := range []uint32{6, 0, 3} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	b = append(b, "\x0cidentifier=="...)
	for _, n := range []int{at, len(list), 0, 0, 0} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// marking is the source of a host: in its data are the place for the offset, and the
// signature.
func marking() string {
	var b strings.Builder
	b.WriteString("unsigned char mark[] = {0,0,0,0,0,0,0,0")
	for _, c := range []byte(signature) {
		fmt.Fprintf(&b, ",%d", c)
	}
	b.WriteString("};\nint main(int n, char **v) { return mark[n]; }\n")
	return b.String()
}

const plain = "int data[100000] = {1};\nint main(int n, char **v) { return data[n]; }\n"

func TestSieveLinkers(t *testing.T) {
	if testing.Short() {
		t.Skip("links many programs")
	}
	testsieve.Linkers(t, func(t *testing.T, link func(string, ...string) []byte) {
		host := link(marking())
		for what, tt := range map[string]struct {
			data []byte
			want int
		}{"plain": {link(plain), 0}, "host": {append(host, make([]byte, minHost)...), 0}, "bundle": {appended(host, depsJSON), 2}} {
			frag, err := testsieve.Same(t, New(), detecttest.File{Path: "app/tool", Mode: 0o755, Data: tt.data})
			if err != nil || frag != nil != (tt.want > 0) || frag != nil && len(frag.Components) != tt.want {
				t.Errorf("%s: %+v, %v", what, frag, err)
			}
		}
	})
}

func TestSieveFormats(t *testing.T) {
	data := append(append(make([]byte, 5000), signature...), make([]byte, minHost)...)
	for file, host := range map[string][]byte{
		"app/elf": elf(".data", data), "app/pe.exe": testbin.PE(".data", data), "app/macho": testbin.MachO("__data", data),
	} {
		f := detecttest.File{Path: file, Mode: 0o755, Data: host}
		if frag, err := testsieve.Same(t, New(), f); frag != nil || err != nil {
			t.Errorf("%s: a host without a bundle: %+v, %v", file, frag, err)
		}
		f.Data = appended(host, depsJSON)
		if frag, err := testsieve.Same(t, New(), f); err != nil || len(frag.Components) != 2 {
			t.Errorf("%s: %+v, %v", file, frag, err)
		}
	}
}

// A list that is longer than what the sieve keeps is read in the second reading.
func TestSieveSkips(t *testing.T) {
	host := elf(".data", append(append(make([]byte, 8), signature...), make([]byte, minHost)...))
	long := appended(host, strings.Replace(depsJSON, "{", "{"+strings.Repeat(" ", keptList), 1))
	f := detecttest.File{Path: "app/tool", Mode: 0o755, Data: long}
	if _, frag, err := testsieve.Detect(t, New(), f, 1000); frag != nil || !errors.Is(err, detect.ErrSkipped) {
		t.Errorf("%+v, %v", frag, err)
	}
	if frag := detectProgram(t, f); len(frag.Components) != 2 {
		t.Errorf("%+v", frag)
	}
}

func detectProgram(t *testing.T, f detecttest.File) *detect.Fragment {
	t.Helper()
	frag, err := detecttest.DetectFile(t, New(), f)
	if err != nil {
		t.Fatal(err)
	}
	return frag
}

// TestSift checks that what is not a program is handed over as a whole.
func TestSift(t *testing.T) {
	e := detecttest.File{Path: "app/a.deps.json", Data: []byte(depsJSON)}.Entry()
	if New().(detect.Sifter).Sift(&e) != nil {
		t.Error("a sieve for JSON")
	}
}

// No program of this system is a bundle, and none needs a second reading to tell.
func TestSystemPrograms(t *testing.T) {
	testsieve.System(t, New(), 150, func(f detecttest.File) {
		if frag, err := testsieve.Same(t, New(), f); frag != nil || err != nil {
			t.Errorf("%s: %+v, %v", f.Path, frag, err)
		}
	}, "/usr/bin/*", "/usr/local/go/bin/*")
}

// BenchmarkSieve is the cost of a program with 1 MiB of data that goes by.
func BenchmarkSieve(b *testing.B) {
	f := detecttest.File{Path: "usr/bin/a", Mode: 0o755, Data: elf(".data", bytes.Repeat([]byte("\x8b12345\x00\x00"), 1<<17))}
	in := f.Entry()
	b.SetBytes(int64(len(f.Data)))
	b.ReportAllocs()
	for b.Loop() {
		s := sieve(&in)
		_, _ = s.Write(f.Data)
		if frag, err := New().Detect(context.Background(), &detect.File{Entry: in, ReaderAt: s}); frag != nil || err != nil {
			b.Fatal(frag, err)
		}
	}
}
