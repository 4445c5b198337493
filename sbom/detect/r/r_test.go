package r

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	const content = "Package: MASS\nVersion: 7.3-58.2\nLicense: GPL-2 | GPL-3\nBuilt: R 4.2.2\n"
	f := &detect.File{Entry: detect.Entry{Path: "usr/lib/R/library/MASS/DESCRIPTION", Size: int64(len(content))}, ReaderAt: strings.NewReader(content)}
	d := New()
	if !d.Wants(&f.Entry) {
		return
	}
	frag, err := d.Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Licenses[0].Expression)
	// Output: pkg:cran/MASS@7.3-58.2 GPL-2.0-only OR GPL-3.0-only
}

func tree(t testing.TB) []detecttest.File { return golden.Files(t, "testdata/tree.txtar") }

func TestTree(t *testing.T) { golden.Check(t, New(), tree(t), "testdata/tree.golden") }

func TestConformance(t *testing.T) { detecttest.Run(t, New(), tree(t)...) }

func TestWants(t *testing.T) {
	for path, want := range map[string]bool{
		"usr/lib/R/library/a/DESCRIPTION": true, "a/DESCRIPTION": true, "DESCRIPTION": false, "a/DESCRIPTION.md": false,
		"renv.lock": true, "srv/renv.lock": true, "node_modules/a/renv.lock": false,
	} {
		if got := New().Wants(&detect.Entry{Path: path, Size: 2}); got != want {
			t.Errorf("Wants(%s) = %t", path, got)
		}
	}
	if New().Wants(&detect.Entry{Path: "usr/lib/R/library/MASS/DESCRIPTION"}) {
		t.Error("wants an empty file")
	}
}

// TestTooLarge has a file of each kind that is larger than any that is read.
func TestTooLarge(t *testing.T) {
	for _, file := range tree(t) {
		f := &detect.File{Entry: detect.Entry{Path: file.Path, Size: maxFile + 1}, ReaderAt: strings.NewReader("")}
		if frag, err := New().Detect(context.Background(), f); frag != nil || !errors.Is(err, detect.ErrLimit) {
			t.Errorf("%s: %v, %v", file.Path, frag, err)
		}
	}
}

// FuzzDetect checks the contract, and that nothing is without a version or is claimed
// by what is not there.
func FuzzDetect(f *testing.F) {
	files := tree(f)
	for i, file := range files {
		f.Add(uint8(i), file.Data)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		in := detecttest.File{Path: files[int(which)%len(files)].Path, Data: data}
		if err := detecttest.Check(New(), in); err != nil {
			t.Fatal(err)
		}
		frag, _ := New().Detect(context.Background(), &detect.File{Entry: in.Entry(), ReaderAt: bytes.NewReader(data)})
		if frag == nil {
			return
		}
		keys := make(map[string]bool)
		for _, c := range frag.Components {
			keys[c.Key] = true
			if c.Version == "" || strings.ContainsAny(c.Version, " \t\n") {
				t.Errorf("component %+v", c)
			}
		}
		for _, c := range frag.Claims {
			if !keys[c.Key] {
				t.Errorf("claim %+v of nobody", c)
			}
		}
	})
}

func TestLicenses(t *testing.T) {
	for in, want := range map[string]string{
		"GPL-2 | GPL-3": "GPL-2.0-only OR GPL-3.0-only", "GPL (>= 2)": "GPL-2.0-or-later", "LGPL (>= 2.1)": "LGPL-2.1-or-later",
		"GPL (== 3)": "GPL-3.0-only", "MIT + file LICENSE": "MIT", "BSD_3_clause + file LICENCE": "BSD-3-Clause",
		"GPL-3 + file LICENSE": "", "file LICENSE": "", "GPL": "", "GPL (> 2)": "", "Part of R 4.2.2": "", "Unlimited": "",
		"Apache License (>= 2)": "", "Apache License (== 2.0) | file LICENSE": "", "GPL-2 | file LICENSE": "",
		"Apache License 2.0": "Apache-2.0", "CC0": "CC0-1.0", "GPL-2.0-or-later": "GPL-2.0-or-later", "AGPL (>= 3) | MIT": "AGPL-3.0-or-later OR MIT",
	} {
		got := licenses(in, "a")
		if len(got) != 1 || got[0].Expression != want || got[0].Expression != in && got[0].Name != in {
			t.Errorf("%s: %+v, want %q", in, got, want)
		}
	}
	if got := licenses(" ", "a"); got != nil {
		t.Errorf("nothing: %+v", got)
	}
}
