package opam

import (
	"context"
	"fmt"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	const content = "license: \"MIT\"\n"
	f := detecttest.File{Path: "root/.opam/sw/.opam-switch/packages/lwt.5.6.1/opam", Data: []byte(content)}.Open()
	frag, err := New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Licenses[0].Expression)
	// Output: pkg:opam/lwt@5.6.1 MIT
}

func TestTree(t *testing.T) { golden.TestTree(t, New(), maxFile) }

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		".opam-switch/packages/a.1/opam": true, "a/.opam-switch/packages/a.1/opam": true, "x.opam-switch/packages/a.1/opam": false, "a.1/opam": false,
		".opam-switch/install/a.changes": true, "a.changes": false, "usr/bin/opam": false,
		"usr/lib/ocaml/a/META": true, "usr/lib/ocaml/META": false, "usr/lib/ocaml/METAS/META.a": true, "usr/lib/a/META": false,
		"root/.opam/sw/lib/ocaml/a/META": false, "srv/_opam/lib/ocaml/a/META": false,
		"root/.opam/sw/.opam-switch/packages/lwt.5.6.1/opam": true,
	})
}

// FuzzDetect checks the contract, and that nothing is without a version or is claimed
// by what is not there.
func FuzzDetect(f *testing.F) {
	// What opam recorded is told apart from the package.
	elsewhere := func(_ detecttest.File, c detect.Claim) bool { return c.Key == "root/.opam/sw/opam acme" }
	golden.Fuzz(f, New(), golden.Tree(f), golden.Whole(elsewhere))
}
