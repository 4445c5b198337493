package depcheck

import (
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// The least program that verifies an image with a key may link this many modules other
// than this one, and weigh this much stripped.
const (
	maxModules = 10
	maxBytes   = 11e6
)

func TestKeyedVerificationIsLight(t *testing.T) {
	program := filepath.Join(t.TempDir(), "keyed")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, "./testdata/keyed").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	if len(info.Deps) > maxModules || stat.Size() > maxBytes {
		t.Errorf("%d modules and %d bytes, at most %d and %.0f", len(info.Deps), stat.Size(), maxModules, float64(maxBytes))
	}
	t.Logf("%d modules, %.1f MB", len(info.Deps), float64(stat.Size())/1e6)
}

// TestSigstoreBringsNothingElse: package attest/sigstore links what sigstore-go's
// verification links, and not one module more.
func TestSigstoreBringsNothingElse(t *testing.T) {
	const lib = "github.com/sigstore/sigstore-go/pkg/"
	g, err := Load(module+"/attest/sigstore", lib+"verify", lib+"bundle", lib+"root")
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{module, "github.com/sigstore/sigstore-go"}
	for _, p := range []string{"verify", "bundle", "root"} {
		for dep := range g.reach(lib + p) {
			if m := g[dep].Module; m != nil && !slices.Contains(allowed, m.Path) {
				allowed = append(allowed, m.Path)
			}
		}
	}
	if len(allowed) < 40 {
		t.Fatalf("sigstore-go links only %d modules: the test does not test", len(allowed))
	}
	for _, problem := range g.Check(module, Rule{Packages: []string{"attest/sigstore"}, Modules: allowed, OnlyOwn: []string{"attest", "attest/internal/..."}}) {
		t.Error(problem)
	}
}
