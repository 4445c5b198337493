package cargo

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testbin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testsieve"
)

const plain = "#include <stdio.h>\nint main(int n, char **v) { return printf(\"%d\", n); }\n"

// found checks that the list of a program is found, by the sieve or in a second reading.
func found(t *testing.T, f detecttest.File) (skipped bool) {
	t.Helper()
	_, frag, err := testsieve.Detect(t, New(), f, 1000)
	if skipped = errors.Is(err, detect.ErrSkipped); skipped {
		frag, err = detecttest.DetectFile(t, New(), f)
	}
	if err != nil || frag == nil || len(frag.Components) != 7 {
		t.Errorf("%s: %+v, %v", f.Path, frag, err)
	}
	return skipped
}

// withSection adds the list to a program, as cargo auditable has the linker do.
func withSection(t *testing.T, program []byte) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{"program": program, "list": compress(list)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("objcopy", "--add-section", auditSection+"=list", "program")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("no objcopy: %v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "program"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSieveLinkers(t *testing.T) {
	if testing.Short() {
		t.Skip("links many programs")
	}
	testsieve.Linkers(t, func(t *testing.T, link func(string, ...string) []byte) {
		program := link(plain)
		if frag, err := testsieve.Same(t, New(), detecttest.File{Path: "bin/plain", Data: program}); frag != nil || err != nil {
			t.Errorf("plain: %+v, %v", frag, err)
		}
		f := detecttest.File{Path: "bin/tool", Data: withSection(t, program)}
		found(t, f)
	})
}

// A sieve tells of the other formats that the list is nowhere, and reads one that is
// near the beginning.
func TestSieveFormats(t *testing.T) {
	text := make([]byte, 64<<10)
	for what, write := range map[string]func(string, []byte) []byte{
		"PE": testbin.PE, "Mach-O": testbin.MachO, "WebAssembly": testbin.Wasm,
		"universal": func(name string, content []byte) []byte {
			return testbin.Universal(testbin.MachO("__text", text), testbin.MachO(name, content))
		},
	} {
		if frag, err := testsieve.Same(t, New(), detecttest.File{Path: what, Data: write("text", text)}); frag != nil || err != nil {
			t.Errorf("%s: %+v, %v", what, frag, err)
		}
		f := detecttest.File{Path: what, Data: write(auditSection, append(compress(list), text...))}
		if skipped := found(t, f); skipped != (what == "universal") {
			t.Errorf("%s: the list is skipped: %t", what, skipped)
		}
	}
}

// TestSift checks that a lock file is handed over as a whole.
func TestSift(t *testing.T) {
	e := detecttest.File{Path: "Cargo.lock", Data: withList(list)}.Entry()
	if New().(detect.Sifter).Sift(&e) != nil {
		t.Error("a sieve for a lock file")
	}
}

// Of this system's programs only those with a list need a second reading.
func TestSystemPrograms(t *testing.T) {
	testsieve.System(t, New(), 150, func(f detecttest.File) {
		if frag, _ := detecttest.DetectFile(t, New(), f); frag != nil {
			t.Log(f.Path, "has a list")
			return
		}
		_, _ = testsieve.Same(t, New(), f)
	}, "/usr/bin/*", "/usr/lib/x86_64-linux-gnu/*.so*", "/usr/local/go/bin/*")
}
