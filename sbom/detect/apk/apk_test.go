package apk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/apk"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

const installed = "lib/apk/db/installed"

func Example() {
	data := []byte("P:libcrypto3\nV:3.1.4-r0\nA:x86_64\nL:Apache-2.0\no:openssl\nF:lib\nR:libcrypto.so.3\n")
	f := &detect.File{
		Entry:    detect.Entry{Path: "lib/apk/db/installed", Size: int64(len(data))},
		ReaderAt: bytes.NewReader(data),
	}
	frag, err := apk.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := frag.Components[0]
	fmt.Println(sbom.QualifyPURL(c.PURL, &sbom.Distribution{ID: "alpine", VersionID: "3.18.4"}))
	fmt.Println(c.Source.Name, c.Licenses[0].Expression, frag.Claims[0].Path)
	// Output:
	// pkg:apk/alpine/libcrypto3@3.1.4-r0?arch=x86_64&distro=alpine-3.18.4&upstream=openssl
	// openssl Apache-2.0 lib/libcrypto.so.3
}

func quirks(t testing.TB) []detecttest.File { return golden.Files(t, "testdata/quirks.txtar") }

func TestConformance(t *testing.T) { detecttest.Run(t, apk.New(), quirks(t)...) }

// TestQuirks compares what each file says with testdata/quirks.golden. CR LF
// must not change it.
func TestQuirks(t *testing.T) {
	var got, crlf txtar.Archive
	for _, f := range quirks(t) {
		got.Files = append(got.Files, txtar.File{Name: f.Path, Data: dump(detecttest.Detect(t, apk.New(), f.Path, f.Data))})
		data := bytes.ReplaceAll(f.Data, []byte("\n"), []byte("\r\n"))
		crlf.Files = append(crlf.Files, txtar.File{Name: f.Path, Data: dump(detecttest.Detect(t, apk.New(), f.Path, data))})
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
		fmt.Fprintf(&b, "component %s\n  %s\n", c.Key, c.PURL)
		fmt.Fprintf(&b, "  source %v supplier %q description %q properties %v\n",
			c.Source, c.Supplier, c.Description, c.Properties)
		for _, l := range c.Licenses {
			fmt.Fprintf(&b, "  license %q %q\n", l.Expression, l.Name)
		}
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
	for _, r := range frag.Relations {
		fmt.Fprintf(&b, "%s %s %s\n", r.From, r.Type, r.To)
	}
	for _, g := range frag.Gaps {
		fmt.Fprintf(&b, "gap %s %s\n", g.Kind, g.Message)
	}
	return b.Bytes()
}

func TestWants(t *testing.T) {
	golden.WantsEmpty(t, apk.New(), map[string]bool{
		"lib/apk/db/installed":            true,
		"usr/lib/apk/db/installed":        true,
		"lib/apk/db-uvol/installed":       true,
		"lib/apk/cache/installed":         false,
		"opt/r/lib/apk/db/installed":      true,
		"xlib/apk/db/installed":           false,
		"lib/apk/db/installed.bak":        false,
		"apk/db/installed":                false,
		"lib/apk/db/scripts.tar":          false,
		"home/x/usr/lib/apk/db/installed": true,
	})
}

// TestSharedDatabases reads the databases of real images: every package with
// everything that a package must have, every file with its digest.
func TestSharedDatabases(t *testing.T) {
	for _, name := range []string{"alpine-a", "alpine-b", "alpine-c"} {
		data, err := os.ReadFile("../../../../shared/pkgdb/" + name + ".installed")
		if err != nil {
			t.Skip("the collection of package databases is not here: ", err)
		}
		frag := detecttest.Detect(t, apk.New(), installed, data)
		text := "\n" + string(data)
		if want := strings.Count(text, "\nP:"); len(frag.Components) != want || want == 0 {
			t.Errorf("%s: %d components, want %d", name, len(frag.Components), want)
		}
		if want := strings.Count(text, "\nR:"); len(frag.Claims) != want {
			t.Errorf("%s: %d claims, want %d", name, len(frag.Claims), want)
		}
		for _, c := range frag.Components {
			if c.Name == "invalidPackageWithoutAVersion" {
				continue // alpine-c has it on purpose; see below.
			}
			if c.Version == "" || c.Architecture == "" || c.Source.Name == "" || c.Supplier == "" || len(c.Licenses) == 0 {
				t.Errorf("%s: incomplete: %+v", name, c)
			}
			if !strings.Contains(text, "\nP:"+c.Name+"\nV:"+c.Version+"\n") {
				t.Errorf("%s: no %s %s", name, c.Name, c.Version)
			}
		}
		links := strings.Count(text, "\na:0:0:777\n")
		digests := 0
		for _, c := range frag.Claims {
			if c.Digest != "" {
				digests++
			}
		}
		if want := strings.Count(text, "\nZ:") - links; digests != want {
			t.Errorf("%s: %d digests, want %d", name, digests, want)
		}
		if want := 2 * strings.Count(text, "\nP:invalid"); len(frag.Gaps) != want {
			t.Errorf("%s: gaps %v, want %d", name, frag.Gaps, want)
		}
		if len(frag.Relations) < len(frag.Components)/2 {
			t.Errorf("%s: only %d relations", name, len(frag.Relations))
		}
	}
}

func TestLimits(t *testing.T) {
	repeat := func(head, s string, n int) []byte { return []byte(head + strings.Repeat(s, n)) }
	packages := func(n int) []byte {
		var b bytes.Buffer
		for i := range n {
			fmt.Fprintf(&b, "P:p%d\nV:1\nA:x\n\n", i)
		}
		return b.Bytes()
	}
	for _, tt := range []struct {
		name string
		data []byte
	}{
		{"long file", make([]byte, 64<<20+1)},
		{"many packages", packages(1<<16 + 1)},
		{"many files", repeat("P:a\nV:1\n", "R:f\n", 1<<20+1)},
		{"long paths", repeat("P:a\nV:1\nF:"+strings.Repeat("d", 4000)+"\n", "R:f\n", 2000)},
		{"many dependencies", repeat("P:b\nV:1\n\nP:c\nV:1\n\nP:a\nV:1\nD:", "b c ", 1<<17+1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &detect.File{Entry: detect.Entry{Path: installed, Size: int64(len(tt.data))}, ReaderAt: bytes.NewReader(tt.data)}
			frag, err := apk.New().Detect(context.Background(), f)
			var limit *detect.LimitError
			if !errors.As(err, &limit) || limit.Path != installed {
				t.Fatalf("error %v", err)
			}
			if frag != nil {
				for _, c := range frag.Claims {
					if c.Key == "" {
						t.Fatal("a claim has no owner")
					}
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	f := &detect.File{Entry: detect.Entry{Path: installed, Size: 100}, ReaderAt: strings.NewReader("P:a\n")}
	if _, err := apk.New().Detect(context.Background(), f); !errors.Is(err, detect.ErrFormat) {
		t.Errorf("short read: error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f = &detect.File{Entry: detect.Entry{Path: installed, Size: 8}, ReaderAt: strings.NewReader("P:a\nV:1\n")}
	if _, err := apk.New().Detect(ctx, f); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}

// FuzzInstalled checks the contract, and that every record is a component or a
// gap.
func FuzzInstalled(f *testing.F) {
	golden.Fuzz(f, apk.New(), quirks(f), golden.Told(func(in detecttest.File) bool { return len(bytes.TrimSpace(in.Data)) > 0 }))
}

func BenchmarkInstalled(b *testing.B) {
	var data bytes.Buffer
	for i := range 200 {
		fmt.Fprintf(&data, "P:p%d\nV:1.2.3-r0\nA:x86_64\nL:MIT\no:o\nD:p1 p2 so:x\nF:usr/lib\n", i)
		for j := range 20 {
			fmt.Fprintf(&data, "R:file%d\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", j)
		}
		data.WriteString("\n")
	}
	golden.Benchmark(b, apk.New(), detecttest.File{Path: installed, Data: data.Bytes()})
}
