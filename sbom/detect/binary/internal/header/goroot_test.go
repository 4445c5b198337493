package header

import (
	"bytes"
	"debug/macho"
	windowspe "debug/pe"
	"encoding/base64"
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goFiles returns the files of a package of the standard library that have a name like the
// pattern, which compilers and linkers made.
func goFiles(t *testing.T, pattern string) map[string][]byte {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(build.Default.GOROOT, "src", "debug", pattern))
	if len(names) == 0 {
		t.Skip("no sources of Go on this machine")
	}
	files := make(map[string][]byte)
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".base64") {
			if b, err = base64.StdEncoding.DecodeString(string(b)); err != nil {
				t.Fatal(err)
			}
		}
		files[name] = b
	}
	return files
}

// TestGoPE compares programs for Windows with debug/pe.
func TestGoPE(t *testing.T) {
	for name, data := range goFiles(t, "pe/testdata/*-exec") {
		f, err := windowspe.NewFile(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		symbols, err := f.ImportedSymbols()
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, s := range symbols {
			if _, library, _ := strings.Cut(s, ":"); !slices.Contains(want, library) {
				want = append(want, library)
			}
		}
		if got := read(data, 1000); got.Damaged != "" || !slices.Equal(got.Needed, want) || (got.Architecture == "amd64") != strings.Contains(name, "amd64") {
			t.Errorf("%s: %+v, want %q", name, got, want)
		}
	}
}

// TestGoMachO compares programs for macOS with debug/macho.
func TestGoMachO(t *testing.T) {
	for name, data := range goFiles(t, "macho/testdata/*-darwin-exec*.base64") {
		got := read(data, 1000)
		f, err := macho.NewFile(bytes.NewReader(data))
		if fat, fatErr := macho.NewFatFile(bytes.NewReader(data)); fatErr == nil {
			f, err = fat.Arches[0].File, nil
			if len(got.Parts) != len(fat.Arches) || got.Parts[1].Offset != int64(fat.Arches[1].Offset) {
				t.Errorf("%s: %d parts, want %d", name, len(got.Parts), len(fat.Arches))
			}
		}
		if err != nil {
			continue // One has symbols that cannot be, which are not read here.
		}
		want, err := f.ImportedLibraries()
		if err != nil {
			t.Fatal(err)
		}
		if got.Damaged != "" || got.Library || !slices.Equal(got.Needed, want) {
			t.Errorf("%s: %+v, want %q", name, got, want)
		}
	}
}
