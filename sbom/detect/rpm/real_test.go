package rpm_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	oracle "github.com/anchore/go-rpmdb/pkg"
	_ "github.com/glebarez/go-sqlite" // the oracle's driver
	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/rpm"
)

// moduleDatabases returns databases of real systems: the test data of another
// reader's module, in the module cache.
func moduleDatabases(t testing.TB) []string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anchore/go-rpmdb").Output()
	if err != nil {
		t.Skip("the module is not here: ", err)
	}
	found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "pkg", "testdata", "*", "*"))
	if len(found) == 0 {
		t.Skip("the module has no databases")
	}
	return found
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestOracle compares the name, version, architecture and source archive of every
// package of every real database with what go-rpmdb reads, and demands that
// nothing in them is a gap, and that packages depend on one another.
func TestOracle(t *testing.T) {
	for _, path := range moduleDatabases(t) {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			frag := detectReal(t, path)
			var got []string
			for _, c := range frag.Components {
				p, err := c.ParsePURL()
				if err != nil {
					t.Fatal(err)
				}
				q := p.Qualifiers.Map()
				got = append(got, fmt.Sprintf("%s %s %s %s %s %s", c.Name, c.Version, p.Version, q["arch"], q["upstream"], q["modularitylabel"]))
			}
			want := oracleRows(t, path)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-oracle +ours):\n%.3000s", diff)
			}
			for _, g := range frag.Gaps {
				t.Errorf("gap: %s", g.Message)
			}
			if len(got) > 10 && len(frag.Relations) < len(got) {
				t.Errorf("%d packages have only %d dependencies", len(got), len(frag.Relations))
			}
			digests := 0
			for _, c := range frag.Claims {
				if c.Digest != "" {
					digests++
				}
			}
			t.Logf("%d packages, %d files, %d digests, %d dependencies", len(got), len(frag.Claims), digests, len(frag.Relations))
		})
	}
}

// detectReal is detecttest.Detect without its checks, which take long for files of
// this size.
func detectReal(t *testing.T, path string) *detect.Fragment {
	t.Helper()
	data := read(t, path)
	frag, err := rpm.New().Detect(t.Context(), &detect.File{
		Entry: detect.Entry{Path: "var/lib/rpm/" + filepath.Base(path), Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)})
	if err != nil {
		t.Fatal(err)
	}
	return frag
}

// oracleRows returns sorted rows of the packages that are no public keys.
func oracleRows(t *testing.T, path string) []string {
	t.Helper()
	db, err := oracle.Open(path)
	if err != nil {
		t.Fatal("oracle: ", err)
	}
	defer func() { _ = db.Close() }()
	packages, err := db.ListPackages()
	if err != nil {
		t.Fatal("oracle: ", err)
	}
	var rows []string
	for _, p := range packages {
		if p.Name == "gpg-pubkey" {
			continue
		}
		bare := p.Version + "-" + p.Release
		full := bare
		if p.Epoch != nil && *p.Epoch > 0 {
			full = fmt.Sprintf("%d:%s", *p.Epoch, bare)
		}
		rows = append(rows, fmt.Sprintf("%s %s %s %s %s %s", p.Name, full, bare, p.Arch, none(p.SourceRpm), none(p.Modularitylabel)))
	}
	slices.Sort(rows)
	return rows
}

func none(s string) string {
	if s == "(none)" {
		return ""
	}
	return s
}

// TestSharedDatabases reads the databases of the shared collection: the number of
// packages of each is known.
func TestSharedDatabases(t *testing.T) {
	for _, tt := range []struct {
		file, path, first string
		packages          int
	}{
		{"mariner-2.0.rpmdb.sqlite.gz", "var/lib/rpm/rpmdb.sqlite", "pkg:rpm/", 129},
		{"sle15-bci.Packages.db.gz", "usr/lib/sysimage/rpm/Packages.db", "pkg:rpm/", 35},
		{"libuuid.Packages", "var/lib/rpm/Packages", "pkg:rpm/libuuid@", 1},
		{"epoch.Packages", "var/lib/rpm/Packages", "pkg:rpm/", 1},
		{"small.Packages", "var/lib/rpm/Packages", "pkg:rpm/", 1},
	} {
		t.Run(tt.file, func(t *testing.T) {
			f, err := os.Open("../../../../shared/pkgdb/" + tt.file)
			if err != nil {
				t.Skip("the collection of package databases is not here: ", err)
			}
			defer func() { _ = f.Close() }()
			var r io.Reader = f
			if strings.HasSuffix(tt.file, ".gz") {
				if r, err = gzip.NewReader(f); err != nil {
					t.Fatal(err)
				}
			}
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			frag := detecttest.Detect(t, rpm.New(), tt.path, data)
			for _, c := range frag.Components {
				if !strings.HasPrefix(c.PURL, tt.first) {
					t.Errorf("purl %s", c.PURL)
				}
			}
			if n := len(frag.Components); n > tt.packages || n < tt.packages-4 {
				t.Errorf("%d packages, want %d or a few public keys fewer", n, tt.packages)
			}
			if len(frag.Gaps) > 0 {
				t.Errorf("gaps %v", frag.Gaps)
			}
		})
	}
}

func BenchmarkDetect(b *testing.B) {
	for _, path := range moduleDatabases(b) {
		b.Run(filepath.Base(filepath.Dir(path)), func(b *testing.B) {
			data := read(b, path)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				f := &detect.File{Entry: detect.Entry{Path: "var/lib/rpm/Packages", Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)}
				if _, err := rpm.New().Detect(context.Background(), f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
