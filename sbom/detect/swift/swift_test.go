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

func TestTree(t *testing.T) { golden.TestTree(t, New(), maxFile) }

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"Package.resolved": true, "srv/Package.resolved": true, "srv/Package.swift": false, "srv/.build/checkouts/a/Package.resolved": false,
		".build/checkouts/a/Package.resolved": false, "vendor/a/Package.resolved": false,
		"a.xcodeproj/project.xcworkspace/xcshareddata/swiftpm/Package.resolved": true,
	})
}

// FuzzDetect checks the contract, and that nothing is without a version or is claimed
// by what is not there.
func FuzzDetect(f *testing.F) { golden.Fuzz(f, New(), golden.Tree(f), golden.Whole(nil)) }
