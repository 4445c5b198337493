package perl

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	const content = "# carton snapshot format: version 1.0\nDISTRIBUTIONS\n  Try-Tiny-0.31\n    pathname: E/ET/ETHER/Try-Tiny-0.31.tar.gz\n"
	f := detecttest.File{Path: "srv/cpanfile.snapshot", Data: []byte(content)}.Open()
	frag, err := New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Scope)
	// Output: pkg:cpan/ETHER/Try-Tiny@0.31 declared
}

func TestTree(t *testing.T) { golden.TestTree(t, New(), maxFile) }

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"usr/lib/.meta/A-1/install.json": true, ".meta/A-1/MYMETA.json": true, "A-1/install.json": false, ".meta/install.json": false,
		".meta/A-1/META.json": false, "usr/lib/perl5/auto/A/B/.packlist": true, "auto/A/.packlist": true, "usr/lib/.packlist": false, "auto/.packlist": false,
		"cpanfile.snapshot": true, "cpanfile": false, "vendor/a/cpanfile.snapshot": false,
		"srv/cpanfile.snapshot": true,
	})
}

// FuzzDetect checks the contract, and that nothing is without a version or is claimed
// by what is not there.
func FuzzDetect(f *testing.F) {
	// A list of files names a module, whose distribution is told elsewhere.
	elsewhere := func(in detecttest.File, _ detect.Claim) bool { return strings.HasSuffix(in.Path, "/.packlist") }
	golden.Fuzz(f, New(), golden.Tree(f), golden.Whole(elsewhere))
}

func TestParseDist(t *testing.T) {
	for in, want := range map[[2]string]dist{
		{"Foo-Bar-1.0", "A/AB/ABC/Foo-Bar-1.0.tar.gz"}:      {"ABC", "Foo-Bar", "1.0"},
		{"Foo-2-Bar-v1.0-TRIAL", "A/AB/ABC/x/Foo.tar.gz"}:   {"ABC", "Foo-2-Bar", "v1.0-TRIAL"},
		{"Foo-1_02", "authors/id/A/AB/ABC/Foo-1_02.tar.gz"}: {"", "Foo", "1_02"},
		{"Foo-vulgar", "A/AB/ABC/Foo-vulgar.zip"}:           {"ABC", "", ""},
		{"-1", "A/AB/abc/-1"}:                               {}, {"", ""}: {}, {"1", "1"}: {},
	} {
		if got := parseDist(in[0], in[1]); got != want {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}
