package osrelease_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/osrelease"
)

func Example() {
	data := []byte("ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n")
	f := &detect.File{
		Entry:    detect.Entry{Path: "usr/lib/os-release", Size: int64(len(data))},
		ReaderAt: bytes.NewReader(data),
	}
	frag, err := osrelease.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Distribution.ID, frag.Distribution.VersionID)
	fmt.Println(frag.Components[0].Type, frag.Components[0].Description)
	// Output:
	// debian 12
	// operating-system Debian GNU/Linux 12 (bookworm)
}

func releases(t testing.TB) map[string][]byte {
	t.Helper()
	a, err := txtar.ParseFile("testdata/releases.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	for _, f := range a.Files {
		files[f.Name] = f.Data
	}
	return files
}

func TestConformance(t *testing.T) {
	var files []detecttest.File
	for p, data := range releases(t) {
		files = append(files, detecttest.File{Path: p, Data: data})
	}
	slices.SortFunc(files, func(a, b detecttest.File) int { return strings.Compare(a.Path, b.Path) })
	detecttest.Run(t, osrelease.New(), files...)
}

func TestDistribution(t *testing.T) {
	files := releases(t)
	for _, tt := range []struct {
		path string
		want *sbom.Distribution
		gaps []string // a part of each gap's message, in order
	}{
		{"debian/usr/lib/os-release", &sbom.Distribution{
			ID: "debian", VersionID: "12", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)"}, nil},
		{"jessie/etc/os-release", &sbom.Distribution{
			ID: "debian", VersionID: "8", Codename: "jessie", Name: "Debian GNU/Linux 8 (jessie)"}, nil},
		{"sid/etc/os-release", &sbom.Distribution{
			ID: "debian", Codename: "trixie", Name: "Debian GNU/Linux trixie/sid"}, []string{"no VERSION_ID"}},
		{"centos/etc/os-release", &sbom.Distribution{
			ID: "centos", IDLike: []string{"rhel", "fedora"}, VersionID: "7", Name: "CentOS Linux 7 (Core)"}, nil},
		{"quoting/etc/os-release", &sbom.Distribution{
			ID: "q", VersionID: "2", Codename: "it's", Name: "a\"b$c`d\\e \\n"}, nil},
		{"nameonly/etc/os-release", &sbom.Distribution{ID: "x", VersionID: "1", Name: "Xi 1 (One)"}, nil},
		{"upper/etc/os-release", &sbom.Distribution{ID: "mixed", VersionID: "1.0~rc1"}, nil},
		{"broken/etc/os-release", &sbom.Distribution{ID: "ok", VersionID: "1"}, []string{
			"line 1 is no assignment", "line 2 is no assignment", "line 3, A: the quotation is not closed",
			"line 4, B: the quotation is not closed", "line 5, C: text follows", "line 6, D: a value ends in a backslash",
			"ID_LIKE names \"a/b\""}},
		{"noid/etc/os-release", nil, []string{"no ID"}},
		{"badid/etc/os-release", nil, []string{"ID is \"../x\"", "no ID"}},
		{"empty/etc/os-release", nil, []string{"no ID"}},
		{"alpine/etc/alpine-release", &sbom.Distribution{ID: "alpine", VersionID: "3.18.4", Name: "Alpine Linux 3.18.4"}, nil},
		{"edge/etc/alpine-release", &sbom.Distribution{
			ID: "alpine", VersionID: "3.19_alpha20230901", Name: "Alpine Linux 3.19_alpha20230901"}, nil},
		{"notalpine/etc/alpine-release", nil, []string{"is no version of Alpine"}},
		{"centos6/etc/centos-release", &sbom.Distribution{ID: "centos", VersionID: "6.10", Name: "CentOS release 6.10 (Final)"}, nil},
		{"centos7/etc/centos-release", nil, nil},
		{"rhel5/etc/redhat-release", &sbom.Distribution{
			ID: "rhel", VersionID: "5.11", Name: "Red Hat Enterprise Linux Server release 5.11 (Tikanga)"}, nil},
		{"other/etc/redhat-release", nil, nil},
	} {
		t.Run(tt.path, func(t *testing.T) {
			data, ok := files[tt.path]
			if !ok {
				t.Fatal("no such file in testdata/releases.txtar")
			}
			for _, content := range [][]byte{data, bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))} {
				frag := detecttest.Detect(t, osrelease.New(), tt.path, content)
				if diff := cmp.Diff(tt.want, frag.Distribution); diff != "" {
					t.Errorf("distribution (-want +got):\n%s", diff)
				}
				if (frag.Distribution == nil) != (len(frag.Components) == 0) {
					t.Errorf("components %v", frag.Components)
				}
				if len(frag.Gaps) != len(tt.gaps) {
					t.Fatalf("gaps %v, want %q", frag.Gaps, tt.gaps)
				}
				for i, g := range frag.Gaps {
					if !strings.Contains(g.Message, tt.gaps[i]) {
						t.Errorf("gap %q, want %q", g.Message, tt.gaps[i])
					}
				}
			}
		})
	}
}

func TestComponent(t *testing.T) {
	frag := detecttest.Detect(t, osrelease.New(), "centos/etc/os-release", releases(t)["centos/etc/os-release"])
	c := frag.Components[0]
	want := detect.Component{Key: "centos/operating-system", Component: sbom.Component{
		Type: sbom.TypeOperatingSystem, Name: "centos", Version: "7", Description: "CentOS Linux 7 (Core)",
		CPEs:       []string{"cpe:2.3:o:centos:centos:7:*:*:*:*:*:*:*"},
		Properties: []sbom.Property{{Name: "os-release:SUPPORT_END", Value: "2024-06-30"}},
		Evidence:   []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueManifest, Confidence: 1, Value: "centos 7"}},
	}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("component (-want +got):\n%s", diff)
	}
}

func TestWants(t *testing.T) {
	d := osrelease.New()
	for p, want := range map[string]bool{
		"etc/os-release":               true,
		"usr/lib/os-release":           true,
		"opt/rootfs/etc/os-release":    true,
		"usr/lib/x/os-release":         false,
		"myetc/os-release":             false,
		"os-release":                   false,
		"etc/alpine-release":           true,
		"usr/lib/alpine-release":       false,
		"etc/lsb-release":              false,
		"etc/os-release.d/x":           false,
		"home/x/usr/lib/os-release":    true,
		"home/x/etc/os-release/readme": false,
	} {
		if got := d.Wants(&detect.Entry{Path: p}); got != want {
			t.Errorf("Wants(%s) = %v", p, got)
		}
	}
}

func TestErrors(t *testing.T) {
	f := &detect.File{Entry: detect.Entry{Path: "etc/os-release", Size: 1 << 20}, ReaderAt: strings.NewReader("")}
	if _, err := osrelease.New().Detect(context.Background(), f); !errors.Is(err, detect.ErrLimit) {
		t.Errorf("long file: error %v", err)
	}
	f.Size = 10
	if _, err := osrelease.New().Detect(context.Background(), f); !errors.Is(err, detect.ErrFormat) {
		t.Errorf("short read: error %v", err)
	}
}

// TestHost reads this machine's own file, where the shell can read it too.
func TestHost(t *testing.T) {
	data, err := os.ReadFile("/etc/os-release")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("this machine has no os-release")
	}
	if err != nil {
		t.Fatal(err)
	}
	frag := detecttest.Detect(t, osrelease.New(), "etc/os-release", data)
	if frag.Distribution == nil || frag.Distribution.ID == "" || frag.Distribution.Name == "" {
		t.Errorf("distribution %+v", frag.Distribution)
	}
	for _, g := range frag.Gaps {
		if g.Kind == sbom.GapCorrupt {
			t.Errorf("gap %s", g.Message)
		}
	}
}

func FuzzDetect(f *testing.F) {
	paths := []string{"etc/os-release", "etc/alpine-release", "etc/redhat-release"}
	for p, data := range releases(f) {
		which := slices.IndexFunc(paths, func(s string) bool { return strings.HasSuffix(p, s) })
		f.Add(uint8(max(which, 0)), data)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		p := paths[int(which)%len(paths)]
		if err := detecttest.Check(osrelease.New(), detecttest.File{Path: p, Data: data}); err != nil {
			t.Fatal(err)
		}
		frag, err := osrelease.New().Detect(context.Background(), &detect.File{
			Entry: detect.Entry{Path: p, Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)})
		if err != nil || frag.Distribution == nil {
			return
		}
		// What is said must be fit for a package URL.
		purl := sbom.NewPURL("deb", "", "x", "1", nil)
		if q := sbom.QualifyPURL(purl, frag.Distribution); !strings.HasPrefix(q, "pkg:deb/"+frag.Distribution.ID+"/x@1?") {
			if !strings.ContainsAny(frag.Distribution.ID, "+~") {
				t.Fatalf("%+v makes %s", frag.Distribution, q)
			}
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	data := releases(b)["debian/usr/lib/os-release"]
	b.ReportAllocs()
	for b.Loop() {
		f := &detect.File{Entry: detect.Entry{Path: "etc/os-release", Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)}
		if _, err := osrelease.New().Detect(context.Background(), f); err != nil {
			b.Fatal(err)
		}
	}
}
