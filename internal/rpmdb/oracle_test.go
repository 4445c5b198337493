package rpmdb_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	oracle "github.com/anchore/go-rpmdb/pkg"
	_ "github.com/glebarez/go-sqlite" // the oracle's driver
	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/internal/rpmdb"
)

// realDatabases returns the paths of databases of real systems: those in the test
// data of another reader's module, in the module cache, and the shared ones.
func realDatabases(t testing.TB) []string {
	t.Helper()
	var paths []string
	if dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anchore/go-rpmdb").Output(); err == nil {
		root := filepath.Join(strings.TrimSpace(string(dir)), "pkg", "testdata")
		for _, name := range []string{"Packages", "Packages.db", "rpmdb.sqlite"} {
			found, _ := filepath.Glob(filepath.Join(root, "*", name))
			paths = append(paths, found...)
		}
	}
	for _, name := range []string{"epoch.Packages", "libuuid.Packages", "small.Packages"} {
		if p := filepath.Join("../../../shared/pkgdb", name); exists(p) {
			paths = append(paths, p)
		}
	}
	for _, name := range []string{"mariner-2.0.rpmdb.sqlite", "sle15-bci.Packages.db"} {
		if p := filepath.Join("../../../shared/pkgdb", name+".gz"); exists(p) {
			paths = append(paths, unzip(t, p, name))
		}
	}
	if len(paths) == 0 {
		t.Skip("no databases of real systems are here")
	}
	return paths
}

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}

func unzip(t testing.TB, path, name string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(out, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestOracle compares every package of every real database with what go-rpmdb
// reads: its values, and the path, digest and attributes of each of its files.
func TestOracle(t *testing.T) {
	for _, path := range realDatabases(t) {
		t.Run(filepath.Base(filepath.Dir(path))+"_"+filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			db, err := oracle.Open(path)
			if err != nil {
				t.Fatal("oracle: ", err)
			}
			defer func() { _ = db.Close() }()
			theirs, err := db.ListPackages()
			if err != nil {
				t.Fatal("oracle: ", err)
			}
			var got, want []string
			files := 0
			for blob, err := range rpmdb.Headers(bytes.NewReader(data), int64(len(data))) {
				if err != nil {
					t.Fatal(err)
				}
				p, err := rpmdb.Parse(blob)
				if err != nil || p.Err != nil {
					t.Fatal(err, p.Err)
				}
				got = append(got, ours(p)...)
				files += len(p.Files)
			}
			for _, p := range theirs {
				want = append(want, others(t, p)...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-oracle +ours), %d and %d lines:\n%.4000s", len(want), len(got), diff)
			}
			t.Logf("%d packages, %d files", len(theirs), files)
		})
	}
}

// ours writes a package as lines, one of its values and one for each file.
func ours(p *rpmdb.Package) []string {
	lines := []string{fmt.Sprintf("%s %s %s %d %s %s vendor %q license %q summary %q label %q provides %q requires %q",
		p.Name, p.Version, p.Release, max(p.Epoch, 0), p.Arch, none(p.SourceRPM), p.Vendor, p.License, p.Summary, p.ModularityLabel,
		p.Provides, p.Requires)}
	for _, f := range p.Files {
		lines = append(lines, fmt.Sprintf("  %s %s %o %d", filepath.Join(f.Dir, f.Base), f.Digest, f.Mode&0xffff, f.Flags))
	}
	return lines
}

func others(t *testing.T, p *oracle.PackageInfo) []string {
	t.Helper()
	epoch := 0
	if p.Epoch != nil {
		epoch = *p.Epoch
	}
	lines := []string{fmt.Sprintf("%s %s %s %d %s %s vendor %q license %q summary %q label %q provides %q requires %q",
		p.Name, p.Version, p.Release, epoch, p.Arch, none(p.SourceRpm), none(p.Vendor), none(p.License), none(p.Summary), none(p.Modularitylabel),
		p.Provides, p.Requires)}
	files, err := p.InstalledFiles()
	if err != nil {
		t.Fatal("oracle: ", err)
	}
	for _, f := range files {
		lines = append(lines, fmt.Sprintf("  %s %s %o %d", f.Path, f.Digest, f.Mode, f.Flags))
	}
	return lines
}

// none undoes a word for what is missing, which the oracle reads into some values
// and rpm writes into the source of public keys.
func none(s string) string {
	if s == "(none)" {
		return ""
	}
	return s
}

func BenchmarkHeaders(b *testing.B) {
	for _, path := range realDatabases(b) {
		b.Run(filepath.Base(filepath.Dir(path))+"_"+filepath.Base(path), func(b *testing.B) {
			data, err := os.ReadFile(path)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				for blob, err := range rpmdb.Headers(bytes.NewReader(data), int64(len(data))) {
					if err != nil {
						b.Fatal(err)
					}
					if _, err := rpmdb.Parse(blob); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
