package dpkg_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/dpkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	status := []byte("Package: bash\nStatus: install ok installed\nArchitecture: amd64\nSource: bash (5.2.15-2)\nVersion: 5.2.15-2+b7\n")
	f := &detect.File{
		Entry:    detect.Entry{Path: "var/lib/dpkg/status", Size: int64(len(status))},
		ReaderAt: bytes.NewReader(status),
	}
	frag, err := dpkg.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := frag.Components[0]
	fmt.Println(c.PURL)
	fmt.Println(sbom.QualifyPURL(c.PURL, &sbom.Distribution{ID: "debian", VersionID: "12"}))
	// Output:
	// pkg:deb/bash@5.2.15-2%2Bb7?arch=amd64&upstream=bash%405.2.15-2
	// pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12&upstream=bash%405.2.15-2
}

// quirks returns the files of testdata/quirks.txtar without the expectations.
// The first directory of a name is the quirk; that of a nested root is part of
// the path.
func quirks(t testing.TB) []detecttest.File { return golden.Files(t, "testdata/quirks.txtar") }

func TestConformance(t *testing.T) {
	files := quirks(t)
	for i := range files {
		files[i].Data = bytes.ReplaceAll(files[i].Data, []byte("\n"), []byte("\r\n"))
	}
	files = append(files, detecttest.File{Path: wallPath, Data: zstandard(wallText)})
	detecttest.Run(t, dpkg.New(), append(files, quirks(t)...)...)
}

// TestQuirks compares what each file says with testdata/quirks.golden. CR LF
// must not change it.
func TestQuirks(t *testing.T) {
	var got, crlf txtar.Archive
	for _, f := range quirks(t) {
		got.Files = append(got.Files, txtar.File{Name: f.Path, Data: dump(detecttest.Detect(t, dpkg.New(), f.Path, f.Data))})
		data := bytes.ReplaceAll(f.Data, []byte("\n"), []byte("\r\n"))
		crlf.Files = append(crlf.Files, txtar.File{Name: f.Path, Data: dump(detecttest.Detect(t, dpkg.New(), f.Path, data))})
	}
	if !bytes.Equal(txtar.Format(&got), txtar.Format(&crlf)) {
		t.Errorf("CR LF changes the facts:\n%s", txtar.Format(&crlf))
	}
	golden.Compare(t, txtar.Format(&got), "testdata/quirks.golden")
}

// dump writes a fragment for people.
func dump(frag *detect.Fragment) []byte {
	var b bytes.Buffer
	for _, c := range frag.Components {
		fmt.Fprintf(&b, "component %s %v\n  %s\n", c.Key, c.Aliases, c.PURL)
		fmt.Fprintf(&b, "  source %v scope %q supplier %q description %q properties %v\n", c.Source, c.Scope, c.Supplier, c.Description, c.Properties)
	}
	for _, c := range frag.Claims {
		fmt.Fprintf(&b, "claim %s %q %s", c.Key, c.Path, c.Digest)
		if c.Config {
			b.WriteString(" config")
		}
		if c.Optional {
			b.WriteString(" optional")
		}
		b.WriteString("\n")
	}
	for _, d := range frag.Diversions {
		fmt.Fprintf(&b, "diversion %s to %s by %q\n", d.From, d.To, d.By)
	}
	for _, a := range frag.Annotations {
		for _, l := range a.Licenses {
			fmt.Fprintf(&b, "license %s %q %q\n", a.Key, l.Expression, l.Name)
		}
	}
	for _, r := range frag.Relations {
		fmt.Fprintf(&b, "%s %s %s\n", r.From, r.Type, r.To)
	}
	for _, g := range frag.Gaps {
		fmt.Fprintf(&b, "gap %s %s\n", g.Kind, g.Message)
	}
	return b.Bytes()
}

func TestWants(t *testing.T) {
	d := dpkg.New()
	for p, want := range map[string]bool{
		"var/lib/dpkg/status":                   true,
		"rootfs/var/lib/dpkg/status":            true,
		"var/lib/dpkg/status-old":               false,
		"xvar/lib/dpkg/status":                  false,
		"status":                                false,
		"lib/dpkg/status":                       false,
		"var/lib/dpkg/status.d/base":            true,
		"var/lib/dpkg/status.d/base.md5sums":    true,
		"var/lib/dpkg/info/bash.list":           true,
		"var/lib/dpkg/info/libc6:amd64.list":    true,
		"var/lib/dpkg/info/bash.md5sums":        true,
		"var/lib/dpkg/info/bash.postinst":       true,
		"var/lib/dpkg/info/libc6:amd64.config":  true,
		"var/lib/dpkg/info/bash.templates":      false,
		"var/lib/dpkg/info/.postinst":           false,
		"var/lib/dpkg/diversions":               true,
		"var/lib/dpkg/updates/0003":             true,
		"var/lib/dpkg/updates/tmp.i":            false,
		"var/lib/chisel/manifest.wall":          true,
		"rootfs/var/lib/chisel/manifest.wall":   true,
		"srv/manifest.wall":                     false,
		"usr/share/doc/bash/copyright":          true,
		"usr/share/doc/bash/examples/copyright": false,
		"usr/share/doc/copyright":               false,
		"copyright":                             false,
	} {
		if got := d.Wants(&detect.Entry{Path: p, Size: 1}); got != want {
			t.Errorf("Wants(%s) = %v", p, got)
		}
	}
	if d.Wants(&detect.Entry{Path: "var/lib/dpkg/updates/0003"}) {
		t.Error("wants an empty journal")
	}
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		data       []byte
	}{
		{"long status", "var/lib/dpkg/status", make([]byte, 64<<20+1)},
		{"long copyright", "usr/share/doc/a/copyright", make([]byte, 8<<20+1)},
		{"many packages", "var/lib/dpkg/status", manyPackages(1<<17 + 1)},
		{"many dependencies", "var/lib/dpkg/status",
			[]byte("Package: a\nVersion: 1\nDepends: " + strings.Repeat("b,c,", 1<<17) + "d\n")},
		{"many paths", "var/lib/dpkg/info/a.list", numbered("/%d\n", 1<<18+1)},
		{"long paths", strings.Repeat("d/", 1000) + "var/lib/dpkg/info/a.list", numbered("/%d\n", 1000)},
		{"many digests", "var/lib/dpkg/info/a.md5sums", bytes.Repeat([]byte("d41d8cd98f00b204e9800998ecf8427e  a\n"), 1<<18+1)},
		{"many licences", "usr/share/doc/a/copyright",
			append([]byte("Format: copyright-format\n\n"), numbered("License: x%d\n\n", 1025)...)},
		{"long licence", "usr/share/doc/a/copyright",
			[]byte("Format: copyright-format\nLicense: " + strings.Repeat("x", 5000))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &detect.File{Entry: detect.Entry{Path: tt.path, Size: int64(len(tt.data))}, ReaderAt: bytes.NewReader(tt.data)}
			_, err := dpkg.New().Detect(context.Background(), f)
			var limit *detect.LimitError
			if !errors.As(err, &limit) || limit.Path != tt.path {
				t.Errorf("error %v", err)
			}
		})
	}
}

func manyPackages(n int) []byte {
	return numbered("Package: p%d\nVersion: 1\nStatus: install ok installed\nArchitecture: all\n\n", n)
}

func numbered(format string, n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.Bytes()
}

// TestDependencyLookup has many packages of one name and many dependencies on
// it: the cost of each lookup must not grow with the packages.
func TestDependencyLookup(t *testing.T) {
	var b bytes.Buffer
	for i := range 10_000 {
		fmt.Fprintf(&b, "Package: a\nVersion: 1\nStatus: install ok installed\nArchitecture: arch%d\nDepends: a:x, a:y\n\n", i)
	}
	frag := detecttest.Detect(t, dpkg.New(), "var/lib/dpkg/status", b.Bytes())
	if len(frag.Components) != 10_000 {
		t.Errorf("%d components", len(frag.Components))
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	data := manyPackages(10)
	f := &detect.File{Entry: detect.Entry{Path: "var/lib/dpkg/status", Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)}
	if _, err := dpkg.New().Detect(ctx, f); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestReadError(t *testing.T) {
	f := &detect.File{Entry: detect.Entry{Path: "var/lib/dpkg/status", Size: 100}, ReaderAt: strings.NewReader("Package: a\n")}
	if _, err := dpkg.New().Detect(context.Background(), f); !errors.Is(err, detect.ErrFormat) {
		t.Errorf("error %v", err)
	}
}

func FuzzDetect(f *testing.F) {
	files := quirks(f)
	paths := make([]string, 0, len(files))
	for _, q := range files {
		paths = append(paths, q.Path)
		f.Add(uint8(len(paths)-1), q.Data)
	}
	paths = append(paths, wallPath)
	f.Add(uint8(len(paths)-1), []byte(wallText))
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		p := paths[int(which)%len(paths)]
		if p == wallPath {
			data = zstandard(string(data))
		}
		if err := detecttest.Check(dpkg.New(), detecttest.File{Path: p, Data: data}); err != nil {
			t.Fatal(err)
		}
		frag, err := dpkg.New().Detect(context.Background(), &detect.File{
			Entry: detect.Entry{Path: p, Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)})
		if err == nil && strings.HasSuffix(p, "status") {
			checkNothingLost(t, data, frag)
		}
	})
}

// checkNothingLost: whatever line begins with a Package field is a component,
// or there is a gap, or the package is not installed.
func checkNothingLost(t *testing.T, data []byte, frag *detect.Fragment) {
	t.Helper()
	n := bytes.Count(append([]byte("\n"), data...), []byte("\nPackage: "))
	if n > 0 && len(frag.Components) == 0 && len(frag.Gaps) == 0 && !bytes.Contains(data, []byte("not-installed")) {
		t.Fatalf("%d Package fields in %q, but neither component nor gap", n, data)
	}
}

func BenchmarkStatus(b *testing.B) {
	data := manyPackages(1000)
	b.SetBytes(int64(len(data)))
	benchmark(b, "var/lib/dpkg/status", data)
}

func BenchmarkList(b *testing.B) {
	data := numbered("/usr/lib/x/%d\n", 10_000)
	b.SetBytes(int64(len(data)))
	benchmark(b, "var/lib/dpkg/info/x.list", data)
}

func BenchmarkWants(b *testing.B) { golden.BenchmarkWants(b, dpkg.New(), golden.Library()) }

func benchmark(b *testing.B, path string, data []byte) {
	b.ReportAllocs()
	for b.Loop() {
		f := &detect.File{Entry: detect.Entry{Path: path, Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)}
		if _, err := dpkg.New().Detect(context.Background(), f); err != nil {
			b.Fatal(err)
		}
	}
}

// sorted returns a sorted copy.
func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}
