package r

import (
	"context"
	"fmt"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	const content = "Package: MASS\nVersion: 7.3-58.2\nLicense: GPL-2 | GPL-3\nBuilt: R 4.2.2\n"
	f := detecttest.File{Path: "usr/lib/R/library/MASS/DESCRIPTION", Data: []byte(content)}.Open()
	frag, err := New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Licenses[0].Expression)
	// Output: pkg:cran/MASS@7.3-58.2 GPL-2.0-only OR GPL-3.0-only
}

func TestTree(t *testing.T) { golden.TestTree(t, New(), maxFile) }

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"usr/lib/R/library/a/DESCRIPTION": true, "a/DESCRIPTION": true, "DESCRIPTION": false, "a/DESCRIPTION.md": false,
		"renv.lock": true, "srv/renv.lock": true, "node_modules/a/renv.lock": false,
		"usr/lib/R/library/MASS/DESCRIPTION": true,
	})
}

// FuzzDetect checks the contract, and that nothing is without a version or is claimed
// by what is not there.
func FuzzDetect(f *testing.F) { golden.Fuzz(f, New(), golden.Tree(f), golden.Whole(nil)) }

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
