package dart

import (
	"context"
	"fmt"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	const content = "packages:\n  path: {source: hosted, version: \"1.8.3\", description: {url: \"https://pub.dev\"}}\n"
	f := detecttest.File{Path: "srv/pubspec.lock", Data: []byte(content)}.Open()
	frag, err := New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Scope)
	// Output: pkg:pub/path@1.8.3 declared
}

func TestTree(t *testing.T) { golden.TestTree(t, New(), maxFile) }

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"root/.pub-cache/hosted/pub.dev/a-1/pubspec.yaml": true, "root/.pub-cache/hosted/pub.dev/a-1/example/pubspec.yaml": false,
		"srv/pubspec.yaml": false, "root/.pub-cache/git/a-1/pubspec.yaml": true, "git/a-1/pubspec.yaml": false,
		"pubspec.lock": true, "root/.pub-cache/hosted/pub.dev/a-1/pubspec.lock": false, "hosted/pub.dev/a-1/pubspec.lock": false,
		".dart_tool/package_config.json": true, "package_config.json": false,
		"root/.pub-cache/hosted/pub.dev/a-1/.dart_tool/package_config.json": false,
		"srv/pubspec.lock": true,
	})
}

// FuzzDetect checks the contract, and that nothing is without a version or is claimed
// by what is not there.
func FuzzDetect(f *testing.F) { golden.Fuzz(f, New(), golden.Tree(f), golden.Whole(nil)) }
