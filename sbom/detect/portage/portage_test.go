package portage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
	"github.com/imagetrust/imagetrust/sbom/detect/portage"
)

const dir = "var/db/pkg/dev-libs/openssl-3.3.2-r1/"

func Example() {
	contents := "obj /usr/bin/openssl d41d8cd98f00b204e9800998ecf8427e 1700000000\n"
	f := detecttest.File{Path: "var/db/pkg/dev-libs/openssl-3.3.2-r1/CONTENTS", Data: []byte(contents)}.Open()
	frag, err := portage.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL)
	fmt.Println(frag.Claims[0].Path, frag.Claims[0].Digest)
	// Output:
	// pkg:ebuild/dev-libs/openssl@3.3.2-r1
	// usr/bin/openssl md5:d41d8cd98f00b204e9800998ecf8427e
}

func TestQuirks(t *testing.T) {
	golden.Check(t, portage.New(), golden.Files(t, "testdata/quirks.txtar"), "testdata/quirks.golden")
}

func TestConformance(t *testing.T) {
	detecttest.Run(t, portage.New(), golden.Files(t, "testdata/quirks.txtar")...)
}

func TestWants(t *testing.T) {
	golden.WantsEmpty(t, portage.New(), map[string]bool{
		dir + "CONTENTS":                    true,
		"opt/r/" + dir + "LICENSE":          true,
		dir + "RDEPEND":                     true,
		dir + "SLOT":                        true,
		dir + "environment.bz2":             false,
		dir + "sub/CONTENTS":                false,
		"var/db/pkg/openssl-3/CONTENTS":     false,
		"xvar/db/pkg/a/b-1/CONTENTS":        false,
		"var/db/repos/gentoo/a/b/CONTENTS":  false,
		"CONTENTS":                          false,
		"usr/share/licenses/common/LICENSE": false,
	})
}

// TestVersions splits names as the specification's examples and real packages need it.
func TestVersions(t *testing.T) {
	for in, want := range map[string]string{
		"openssl-3.3.2-r1":        "openssl 3.3.2-r1",
		"font-adobe-100dpi-1.0.4": "font-adobe-100dpi 1.0.4",
		"libstdc++-v3-3.3.6-r1":   "libstdc++-v3 3.3.6-r1",
		"docbook-xml-dtd-4.5-r2":  "docbook-xml-dtd 4.5-r2",
		"jpeg-9e":                 "jpeg 9e",
		"wxGTK-3.2.2.1-r3":        "wxGTK 3.2.2.1-r3",
		"foo-1_alpha2_p3":         "foo 1_alpha2_p3",
		"a-1-2":                   "a-1 2", // against the rules, and clear
		"git-9999":                "git 9999",
		"1-2":                     "1 2",
		"noversion":               "",
		"x-1.2.3.":                "",
		"-1.0":                    "",
	} {
		frag := detecttest.Detect(t, portage.New(), "var/db/pkg/cat/"+in+"/CONTENTS", nil)
		got := ""
		if len(frag.Components) == 1 {
			got = frag.Components[0].Name + " " + frag.Components[0].Version
		}
		if got != want || (got == "") != (len(frag.Gaps) == 1) {
			t.Errorf("%s: %q, want %q; gaps %v", in, got, want, frag.Gaps)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		base string
		data []byte
	}{
		{"CONTENTS", make([]byte, 64<<20+1)},
		{"CONTENTS", bytes.Repeat([]byte("sym /a -> b 1\n"), 1<<19+1)},
		{"LICENSE", make([]byte, 64<<10+1)},
		{"RDEPEND", depends(1<<10 + 1)},
	} {
		f := detecttest.File{Path: dir + tt.base, Data: tt.data}.Open()
		if _, err := portage.New().Detect(context.Background(), f); !errors.Is(err, detect.ErrLimit) {
			t.Errorf("%s of %d bytes: error %v", tt.base, len(tt.data), err)
		}
	}
}

func depends(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "a/b%d ", i)
	}
	return b.Bytes()
}

// TestDeepLicense: groups within groups end in no expression.
func TestDeepLicense(t *testing.T) {
	frag := detecttest.Detect(t, portage.New(), dir+"LICENSE", []byte(strings.Repeat("( ", 1000)+"MIT"+strings.Repeat(" )", 1000)))
	if l := frag.Annotations[0].Licenses; len(l) != 1 || l[0].Expression != "" {
		t.Errorf("%s", golden.Text(frag))
	}
}

// FuzzDetect checks the contract, and that a package is there exactly if its
// directory has a version, whatever CONTENTS says.
func FuzzDetect(f *testing.F) {
	for _, q := range golden.Files(f, "testdata/quirks.txtar") {
		f.Add(path.Base(path.Dir(q.Path)), path.Base(q.Path), q.Data)
	}
	f.Fuzz(func(t *testing.T, name, base string, data []byte) {
		p := "var/db/pkg/cat/" + name + "/" + base
		if err := detecttest.Check(portage.New(), detecttest.File{Path: p, Data: data}); err != nil {
			t.Fatal(err)
		}
		if base != "CONTENTS" || strings.Contains(name, "/") || name == "" {
			return
		}
		frag, err := portage.New().Detect(context.Background(), detecttest.File{Path: p, Data: data}.Open())
		if err == nil && len(frag.Components) == 0 && len(frag.Gaps) == 0 {
			t.Fatalf("nothing is said about %q", name)
		}
		for _, c := range frag.Components {
			if c.Name+"-"+c.Version != name {
				t.Fatalf("%q was split into %q and %q", name, c.Name, c.Version)
			}
		}
	})
}

func BenchmarkContents(b *testing.B) {
	var data bytes.Buffer
	for i := range 2000 {
		fmt.Fprintf(&data, "obj /usr/lib64/demo/file%d %032x 1700000000\n", i, i)
	}
	if frag := golden.Benchmark(b, portage.New(), detecttest.File{Path: dir + "CONTENTS", Data: data.Bytes()}); len(frag.Claims) != 2000 {
		b.Errorf("%s", golden.Text(frag))
	}
}
