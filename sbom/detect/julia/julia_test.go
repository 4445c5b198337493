package julia

import (
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
	const content = "name = \"JSON\"\nuuid = \"682c06a0-de6a-54ab-a142-c8b1cf79cde6\"\nversion = \"0.21.4\"\n"
	f := detecttest.File{Path: "root/.julia/packages/JSON/93Ea8/Project.toml", Data: []byte(content)}.Open()
	frag, err := New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL)
	// Output: pkg:julia/JSON@0.21.4?uuid=682c06a0-de6a-54ab-a142-c8b1cf79cde6
}

func TestTree(t *testing.T) { golden.TestTree(t, New(), maxFile) }

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"packages/A/93Ea8/Project.toml": true, "packages/A/93Ea8/test/Project.toml": false, "srv/Project.toml": false,
		"packages/A/93Ea8/docs/Manifest.toml": false, "packages/A/93-a8/Project.toml": false, "packages/A/toolong/Project.toml": false,
		"Manifest.toml": true, "srv/Manifest-v1.10.toml": true, "srv/Manifest.tom": false, "vendor/Manifest.toml": false,
		"root/.julia/environments/v1.9/Manifest.toml":  true,
		"root/.julia/packages/JSON/93Ea8/Project.toml": true,
	})
}

// FuzzDetect checks the contract, and that nothing is without a version or is claimed
// by what is not there.
func FuzzDetect(f *testing.F) { golden.Fuzz(f, New(), golden.Tree(f), golden.Whole(nil)) }

// TestNesting has what would use up the stack.
func TestNesting(t *testing.T) {
	for _, deep := range []string{
		"a = " + strings.Repeat("[", 4<<20-10), "a = [\n" + strings.Repeat("[\n", 1<<20), "a = [" + strings.Repeat("\n[,", 1<<20), strings.Repeat("a.", 2<<20-10) + "a = 1",
	} {
		frag, err := detecttest.DetectFile(t, New(), detecttest.File{Path: "Manifest.toml", Data: []byte(deep)})
		if frag != nil || !errors.Is(err, detect.ErrLimit) {
			t.Errorf("%.20q: %v, %.100v", deep, frag, err)
		}
	}
}
