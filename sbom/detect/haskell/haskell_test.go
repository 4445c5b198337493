package haskell

import (
	"context"
	"fmt"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	const content = "name: aeson\nversion: 2.0.3.0\nid: aeson-2.0.3.0-H8BO\nlicense: BSD-3-Clause\n"
	f := detecttest.File{Path: "var/lib/ghc/package.conf.d/aeson-2.0.3.0.conf", Data: []byte(content)}.Open()
	frag, err := New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Licenses[0].Expression)
	// Output: pkg:hackage/aeson@2.0.3.0 BSD-3-Clause
}

func TestTree(t *testing.T) { golden.TestTree(t, New(), maxFile) }

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"var/lib/ghc/package.conf.d/a-1.conf": true, "x/package.db/a.conf": true, "package.conf.d/a.conf": true,
		"etc/a.conf": false, "xpackage.db/a.conf": false, "package.db/package.cache": false, "package.db/.conf": false,
		"a/dist-newstyle/cache/plan.json": true, "a/plan.json": false, "node_modules/a/cache/plan.json": false,
		"stack.yaml.lock": true, "a/stack.yaml": false, "cabal.project.freeze": true, "vendor/a/stack.yaml.lock": false,
		"var/lib/ghc/package.conf.d/aeson-2.0.3.0.conf": true,
	})
}

// FuzzDetect checks the contract, and that nothing is without a version or is claimed
// by what is not there.
func FuzzDetect(f *testing.F) { golden.Fuzz(f, New(), golden.Tree(f), golden.Whole(nil)) }
