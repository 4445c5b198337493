package swift

import (
	"context"
	"fmt"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	const content = `{"pins": [{"identity": "swift-nio", "location": "https://github.com/apple/swift-nio.git", "state": {"version": "2.60.0"}}], "version": 2}`
	f := detecttest.File{Path: "srv/Package.resolved", Data: []byte(content)}.Open()
	frag, err := New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Scope)
	// Output: pkg:swift/github.com/apple/swift-nio@2.60.0 declared
}

func tree(t testing.TB) []detecttest.File { return golden.Files(t, "testdata/tree.txtar") }

func TestTree(t *testing.T) { golden.Check(t, New(), tree(t), "testdata/tree.golden") }

func TestConformance(t *testing.T) { detecttest.Run(t, New(), tree(t)...) }

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"Package.resolved": true, "srv/Package.resolved": true, "srv/Package.swift": false, "srv/.build/checkouts/a/Package.resolved": false,
		".build/checkouts/a/Package.resolved": false, "vendor/a/Package.resolved": false,
		"a.xcodeproj/project.xcworkspace/xcshareddata/swiftpm/Package.resolved": true,
	})
}

// TestTooLarge has a file of each kind that is larger than any that is read.
func TestTooLarge(t *testing.T) { golden.TooLarge(t, New(), maxFile, tree(t)...) }

// FuzzDetect checks the contract, and that nothing is without a version or is claimed
// by what is not there.
func FuzzDetect(f *testing.F) { golden.Fuzz(f, New(), tree(f), golden.Whole(nil)) }
