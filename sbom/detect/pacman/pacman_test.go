package pacman_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
	"github.com/imagetrust/imagetrust/sbom/detect/pacman"
)

const local = "var/lib/pacman/local/"

func Example() {
	desc := "%NAME%\nopenssl\n\n%VERSION%\n3.2.1-1\n\n%BASE%\nopenssl\n\n%ARCH%\nx86_64\n\n%LICENSE%\nApache-2.0\n\n"
	f := detecttest.File{Path: "var/lib/pacman/local/openssl-3.2.1-1/desc", Data: []byte(desc)}.Open()
	frag, err := pacman.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := frag.Components[0]
	fmt.Println(sbom.QualifyPURL(c.PURL, &sbom.Distribution{ID: "arch"}), c.Licenses[0].Expression)
	// Output: pkg:alpm/arch/openssl@3.2.1-1?arch=x86_64&distro=arch Apache-2.0
}

func compressed(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func quirks(t testing.TB) []detecttest.File {
	files := golden.Files(t, "testdata/quirks.txtar")
	for i := range files {
		if strings.HasSuffix(files[i].Path, "/mtree") {
			files[i].Data = compressed(files[i].Data)
		}
	}
	return files
}

func TestQuirks(t *testing.T) { golden.Check(t, pacman.New(), quirks(t), "testdata/quirks.golden") }

func TestConformance(t *testing.T) { detecttest.Run(t, pacman.New(), quirks(t)...) }

func TestWants(t *testing.T) {
	golden.WantsEmpty(t, pacman.New(), map[string]bool{
		"var/lib/pacman/local/bash-5.2-1/desc":                  true,
		"var/lib/pacman/local/bash-5.2-1/files":                 true,
		"opt/r/var/lib/pacman/local/bash-5.2-1/mtree":           true,
		"usr/lib/sysimage/lib/pacman/local/bash-5.2-1/desc":     true,
		"usr/lib/holo/pacmandb/local/bash-5.2-1/desc":           true,
		"var/lib/pacman/local/bash-5.2-1/install":               false,
		"var/lib/pacman/local/desc":                             false,
		"var/lib/pacman/sync/core/bash-5.2-1/desc":              false,
		"xvar/lib/pacman/local/bash-5.2-1/desc":                 false,
		"var/lib/pacman/local/a/b/desc":                         false,
		"desc":                                                  false,
		"usr/share/pacman/local/bash-5.2-1/desc":                false,
		"home/u/chroot/root/var/lib/pacman/local/bash-5-1/desc": true,
	})
}

// TestShared reads files of real systems.
func TestShared(t *testing.T) {
	const dir = "../../../../shared/pkgdb/"
	desc, err := os.ReadFile(dir + "pacman.desc")
	if err != nil {
		t.Skip("the collection of package databases is not here: ", err)
	}
	frag := detecttest.Detect(t, pacman.New(), local+"gawk-5.3.1-1/desc", desc)
	c := frag.Components[0]
	if c.PURL != "pkg:alpm/gawk@5.3.1-1?arch=x86_64" || c.Licenses[0].Expression != "GPL-3.0-or-later" ||
		!slices.Equal(c.Aliases, []string{"local//gawk-5.3.1-1", "awk"}) || len(frag.Relations) != 3 || len(frag.Gaps) != 0 {
		t.Errorf("%s", golden.Text(frag))
	}
	mtree, err := os.ReadFile(dir + "pacman-6.0.1-5.mtree")
	if err != nil {
		t.Fatal(err)
	}
	frag = detecttest.Detect(t, pacman.New(), local+"pacman-6.0.1-5/mtree", mtree)
	r, err := gzip.NewReader(bytes.NewReader(mtree))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	digests, links := 0, 0
	for _, c := range frag.Claims {
		if c.Digest.Algorithm() == "sha256" {
			digests++
		} else {
			links++
		}
	}
	// .BUILDINFO and .PKGINFO are not installed.
	if want := bytes.Count(text, []byte("sha256digest=")) - 2; digests != want || links != bytes.Count(text, []byte("type=link")) || len(frag.Gaps) != 0 {
		t.Errorf("%d digests, want %d, and %d links; gaps %v", digests, want, links, frag.Gaps)
	}
}

// pkgbuild makes two packages with everything that the database records.
const pkgbuild = `pkgbase=demo
pkgname=(demo demo-libs)
pkgver=1.2.3
pkgrel=4
epoch=2
pkgdesc="A demonstration"
arch=(any)
license=('GPL-2.0-or-later')
backup=(etc/demo.conf)
package_demo() {
  depends=('demo-libs>=1.0' 'libdemo.so=1-64')
  install -Dm755 /dev/stdin "$pkgdir/usr/bin/demo" <<< 'program'
  install -Dm644 /dev/stdin "$pkgdir/etc/demo.conf" <<< 'a=1'
  install -Dm644 /dev/stdin "$pkgdir/usr/share/demo/with space, ümlaut and \\#=" <<< 'x'
  ln -s demo "$pkgdir/usr/bin/demo2"
}
package_demo-libs() {
  provides=('sh' 'libdemo.so=1-64')
  install -Dm755 /dev/stdin "$pkgdir/usr/lib/libdemo.so.1" <<< 'lib'
  mkdir -p "$pkgdir/var/lib/demo"
}
`

// TestRealPacman has makepkg build packages and pacman install them, and compares with
// what pacman lists. makepkg refuses to work for root.
func TestRealPacman(t *testing.T) {
	for _, tool := range []string{"makepkg", "pacman", "fakeroot"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("no ", err)
		}
	}
	dir := t.TempDir()
	if os.Geteuid() == 0 {
		t.Skip("makepkg does not work for root")
	}
	if err := os.WriteFile(filepath.Join(dir, "PKGBUILD"), []byte(pkgbuild), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Skipf("%s: %v\n%s", name, err, out)
		}
		return string(out)
	}
	run("makepkg", "-f", "--nodeps", "--skipinteg")
	packages, _ := filepath.Glob(dir + "/*.pkg.tar*")
	root, db := dir+"/root", dir+"/root/var/lib/pacman"
	if err := os.MkdirAll(db, 0o755); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--root", root, "--dbpath", db, "--cachedir", dir + "/cache", "--logfile", dir + "/log", "--noconfirm"}
	run("fakeroot", append([]string{"pacman", "-U", "--noscriptlet"}, append(flags, packages...)...)...)

	listed := run("pacman", append([]string{"-Ql"}, flags...)...)
	want := make(map[string]string) // owner by path
	for line := range strings.Lines(listed) {
		owner, p, _ := strings.Cut(strings.TrimSpace(line), " ")
		if rel := strings.TrimPrefix(p, root+"/"); !strings.HasSuffix(rel, "/") {
			want[rel] = owner
		}
	}
	got := make(map[string]string)
	checkDatabase(t, root, got)
	if !maps.Equal(got, want) || len(want) == 0 {
		t.Errorf("owned:\n%v\npacman -Ql:\n%v", got, want)
	}
	versions := run("pacman", append([]string{"-Q"}, flags...)...)
	if versions != "demo 2:1.2.3-4\ndemo-libs 2:1.2.3-4\n" {
		t.Errorf("pacman -Q:\n%s", versions)
	}
}

// checkDatabase reads the database below root, compares all digests with the files and
// fills in who owns what.
func checkDatabase(t *testing.T, root string, owners map[string]string) {
	t.Helper()
	files, _ := filepath.Glob(root + "/" + local + "*/*")
	for _, name := range files {
		rel, _ := filepath.Rel(root, name)
		if !pacman.New().Wants(&detect.Entry{Path: rel}) {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		frag := detecttest.Detect(t, pacman.New(), rel, data)
		if len(frag.Gaps) > 0 {
			t.Errorf("%s: gaps %v", rel, frag.Gaps)
		}
		for _, c := range frag.Claims {
			base, _, _ := strings.Cut(strings.TrimPrefix(c.Key, "local//"), "-2:")
			owners[c.Path] = base
			if c.Digest.Algorithm() == "sha256" {
				if data, err := os.ReadFile(filepath.Join(root, c.Path)); err != nil || fmt.Sprintf("sha256:%x", sha256.Sum256(data)) != string(c.Digest) {
					t.Errorf("%s: digest %s, error %v", c.Path, c.Digest, err)
				}
			}
		}
	}
}

func TestLimits(t *testing.T) {
	many := func(section string, n int) []byte {
		var b strings.Builder
		fmt.Fprintf(&b, "%%NAME%%\na\n\n%%VERSION%%\n1-1\n\n%%ARCH%%\nany\n\n%%%s%%\n", section)
		for i := range n {
			fmt.Fprintf(&b, "f%d\n", i)
		}
		return []byte(b.String())
	}
	for _, tt := range []struct {
		name, base string
		data       []byte
	}{
		{"long desc", "desc", make([]byte, 64<<20+1)},
		{"many files", "files", many("FILES", 1<<18+1)},
		{"many dependencies", "desc", many("DEPENDS", 1<<12+1)},
		{"many provisions", "desc", many("PROVIDES", 1<<12+1)},
		{"bomb", "mtree", compressed(bytes.Repeat([]byte("\n"), 64<<20+1))},
		{"many entries", "mtree", compressed(bytes.Repeat([]byte("./a\n"), 1<<18+1))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := detecttest.File{Path: local + "a-1-1/" + tt.base, Data: tt.data}.Open()
			if _, err := pacman.New().Detect(context.Background(), f); !errors.Is(err, detect.ErrLimit) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("no gzip"), compressed(make([]byte, 1<<17)), compressed([]byte("./a"))[:20]} {
		f := detecttest.File{Path: local + "a-1-1/mtree", Data: data}.Open()
		if _, err := pacman.New().Detect(context.Background(), f); !errors.Is(err, detect.ErrFormat) {
			t.Errorf("%d bytes: error %v", len(data), err)
		}
	}
}

// FuzzDetect checks the contract, and that every desc is a component or a gap.
func FuzzDetect(f *testing.F) {
	for _, q := range golden.Files(f, "testdata/quirks.txtar") {
		f.Add(filepath.Base(q.Path), q.Data)
	}
	f.Fuzz(func(t *testing.T, base string, data []byte) {
		if base == "mtree" {
			data = compressed(data)
		}
		in := detecttest.File{Path: local + "a-1-1/" + base, Data: data}
		if err := detecttest.Check(pacman.New(), in); err != nil {
			t.Fatal(err)
		}
		if err := golden.Said(pacman.New(), in, golden.Told(func(detecttest.File) bool { return base == "desc" })); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkMtree(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("#mtree\n/set type=file\n")
	for i := range 2000 {
		fmt.Fprintf(&text, "./usr/lib/demo/file%d time=1.0 size=1 sha256digest=%064x\n", i, i)
	}
	data := compressed(text.Bytes())
	if frag := golden.Benchmark(b, pacman.New(), detecttest.File{Path: local + "a-1-1/mtree", Data: data}); len(frag.Claims) != 2000 {
		b.Errorf("%s", golden.Text(frag))
	}
}
