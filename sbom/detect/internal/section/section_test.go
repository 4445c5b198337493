package section

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testbin"
)

const name = ".dep-v0"

var content = []byte("content of the section")

func programs() map[string][]byte {
	empty := testbin.MachO("__text", []byte("x"))
	return map[string][]byte{
		"ELF 64":      testbin.ELF(binary.LittleEndian, 64, name, content),
		"ELF 64 BE":   testbin.ELF(binary.BigEndian, 64, name, content),
		"ELF 32":      testbin.ELF(binary.LittleEndian, 32, name, content),
		"ELF 32 BE":   testbin.ELF(binary.BigEndian, 32, name, content),
		"PE":          testbin.PE(name, content),
		"Mach-O":      testbin.MachO(name, content),
		"universal":   testbin.Universal(empty, testbin.MachO(name, content)),
		"WebAssembly": testbin.Wasm(name, content),
	}
}

func TestFind(t *testing.T) {
	for what, b := range programs() {
		if !Executable(b) {
			t.Errorf("%s is no executable", what)
		}
		r, err := Find(bytes.NewReader(b), int64(len(b)), name)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %q, %v", what, got, err)
		}
		for _, other := range []string{".dep-v", ".dep-v01", "", string(make([]byte, 99))} {
			if _, err := Find(bytes.NewReader(b), int64(len(b)), other); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: section %q: %v", what, other, err)
			}
		}
	}
}

// TestStandardLibraryAgrees checks that what the tests write is what the formats
// are.
func TestStandardLibraryAgrees(t *testing.T) {
	all := programs()
	for _, what := range []string{"ELF 64", "ELF 64 BE", "ELF 32", "ELF 32 BE"} {
		f, err := elf.NewFile(bytes.NewReader(all[what]))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if b, err := f.Section(name).Data(); err != nil || !bytes.Equal(b, content) {
			t.Errorf("%s: %q, %v", what, b, err)
		}
	}
	m, err := macho.NewFile(bytes.NewReader(all["Mach-O"]))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := m.Section(name).Data(); err != nil || !bytes.Equal(b, content) {
		t.Errorf("Mach-O: %q, %v", b, err)
	}
	if p, err := pe.NewFile(bytes.NewReader(all["PE"])); err != nil {
		t.Error(err)
	} else if b, err := p.Section(name).Data(); err != nil || !bytes.HasPrefix(b, content) {
		t.Errorf("PE: %q, %v", b, err)
	}
}

func TestNotExecutable(t *testing.T) {
	object := testbin.ELF(binary.LittleEndian, 64, name, content)
	object[16] = 1
	class := append([]byte("\xca\xfe\xba\xbe\x00\x00\x00\x41"), make([]byte, 64)...)
	for what, b := range map[string][]byte{"object file": object, "Java class": class, "text": bytes.Repeat([]byte("text "), 20), "short": []byte("\x7fELF")} {
		if Executable(b) {
			t.Errorf("%s is executable", what)
		}
	}
	if _, err := Find(bytes.NewReader(class), int64(len(class)), name); !errors.Is(err, ErrNotFound) {
		t.Errorf("Java class: %v", err)
	}
}

// TestOwnProgram finds a section of the program that runs the test, as the
// standard library does.
func TestOwnProgram(t *testing.T) {
	at, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	f, err := os.Open(at)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	want, err := elf.NewFile(f)
	if err != nil {
		t.Skip("not ELF: ", err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Find(f, info.Size(), ".go.buildinfo")
	if err != nil {
		t.Fatal(err)
	}
	if s := want.Section(".go.buildinfo"); r.Size() != int64(s.Size) {
		t.Errorf("%d bytes, want %d", r.Size(), s.Size)
	}
}

func FuzzFind(f *testing.F) {
	for _, b := range programs() {
		f.Add(b)
		f.Add(b[:20]) // less than the shortest header
	}
	f.Add(withData([]byte("data with a " + needle)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Find(bytes.NewReader(b), int64(len(b)), name)
		switch {
		case err == nil:
			if r.Size() > int64(len(b)) {
				t.Errorf("%d bytes in a file of %d", r.Size(), len(b))
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				t.Error(err)
			}
		case !errors.Is(err, ErrNotFound) && !errors.Is(err, detect.ErrFormat) && !errors.Is(err, detect.ErrLimit):
			t.Errorf("untyped error %v", err)
		}
		sieveAgrees(t, b, 1+len(b)%1000)
	})
}

func BenchmarkExecutable(b *testing.B) {
	head := testbin.ELF(binary.LittleEndian, 64, name, content)
	b.ReportAllocs()
	for b.Loop() {
		Executable(head)
	}
}
