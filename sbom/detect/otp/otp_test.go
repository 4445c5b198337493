package otp

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	const app = `{application, cowboy, [{vsn, "2.9.0"}, {applications, [kernel, ranch]}]}.`
	f := detecttest.File{Path: "opt/shop/lib/cowboy-2.9.0/ebin/cowboy.app", Data: []byte(app)}.Open()
	frag, err := New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, "in", frag.Claims[0].Path)
	// Output: pkg:otp/cowboy@2.9.0 in opt/shop/lib/cowboy-2.9.0
}

func tree(t testing.TB) []detecttest.File {
	elf := detecttest.File{Path: "opt/shop/erts-13.1.5/bin/beam.smp", Data: []byte("\x7fELF and more")}
	return append(golden.Files(t, "testdata/tree.txtar"), elf)
}

func TestTree(t *testing.T) { golden.Check(t, New(), tree(t), "testdata/tree.golden") }

func TestConformance(t *testing.T) { detecttest.Run(t, New(), tree(t)...) }

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"a/ebin/a.app": true, "ebin/a.app": true, "a/b.app": false, "a/ebin/a.beam": false, "a/src/a.app.src": false,
		"releases/1/a.rel": true, "opt/releases/1/a.rel": true, "opt/releases/a.rel": false,
		"releases/25/OTP_VERSION": true, "OTP_VERSION": false,
		"erts-1/bin/beam.smp": true, "erts/bin/beam.smp": false, "bin/beam.smp": false,
		"mix.lock": true, "srv/deps/a/mix.lock": false, "srv/_build/default/lib/a/rebar.lock": false,
		"srv/deps/mix.lock": true, "srv/lib/a/rebar.lock": true, "node_modules/a/mix.lock": false,
		"srv/deps/a/hex_metadata.config": true, "opt/shop/lib/cowboy-2.9.0/ebin/cowboy.app": true,
	})
}

func TestTerms(t *testing.T) {
	for in, want := range map[string]string{
		`1.5.`: "1.5", `a.`: "a", `"a\"b" "c".`: `a"bc`, `<<>>.`: "", `'A b'.`: "A b", "% x\n<<\"u\"/utf8>>.": "u",
	} {
		terms, err := parseTerms(in)
		if err != nil || len(terms) != 1 || terms[0].name() != want {
			t.Errorf("%s: %+v, %v", in, terms, err)
		}
	}
	for _, in := range []string{"a", "{a", "[a b].", `"a`, "<<1>>.", "$a.", "{a,#}."} {
		if _, err := parseTerms(in); !errors.Is(err, detect.ErrFormat) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestLimits(t *testing.T) {
	for what, data := range map[string]string{
		"size":  strings.Repeat(" ", maxFile+1),
		"depth": strings.Repeat("[", 1<<20),
		"terms": "[" + strings.Repeat("a,", maxTerms) + "a].",
	} {
		frag, err := detecttest.DetectFile(t, New(), detecttest.File{Path: "rebar.lock", Data: []byte(data)})
		if frag != nil || !errors.Is(err, detect.ErrLimit) {
			t.Errorf("%s: %v, %v", what, frag, err)
		}
	}
	app := "{application, a, [{vsn, \"1\"}, {applications, ["
	for i := range maxDepends + 1 {
		app += fmt.Sprintf("a%d,", i)
	}
	frag, err := detecttest.DetectFile(t, New(), detecttest.File{Path: "lib/a/ebin/a.app", Data: []byte(app + "b]}]}.")})
	if !errors.Is(err, detect.ErrLimit) || len(frag.Relations) != maxDepends {
		t.Errorf("dependencies: %v", err)
	}
}

// FuzzDetect checks the contract, and that nothing is without a version or claims what is
// not beside the file.
func FuzzDetect(f *testing.F) {
	golden.Fuzz(f, New(), tree(f), func(in detecttest.File, frag *detect.Fragment, _ error) error {
		for _, c := range frag.Components {
			if c.Version == "" || c.Scope == sbom.ScopeInstalled && c.Name == "" {
				return fmt.Errorf("component %+v", c)
			}
		}
		for _, c := range frag.Claims {
			if !strings.HasPrefix(in.Path, c.Path+"/") && path.Base(c.Path) != "bin" {
				return fmt.Errorf("%s claims %s", in.Path, c.Path)
			}
		}
		return nil
	})
}
