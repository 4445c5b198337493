package dart_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/dart"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// TestManyKeys: a lock file of a hundred thousand packages is read, and in a time that
// grows with it: to compare each of its keys with each other one took minutes.
func TestManyKeys(t *testing.T) {
	var lock strings.Builder
	lock.WriteString("packages:\n")
	for i := range 100_000 {
		fmt.Fprintf(&lock, "  a%d: {version: \"1\", source: hosted}\n", i)
	}
	frag, err := detecttest.DetectFile(t, dart.New(), detecttest.File{Path: "app/pubspec.lock", Data: []byte(lock.String())})
	if err != nil || len(frag.Components) != 100_000 {
		t.Errorf("%d packages, error %v", len(frag.Components), err)
	}
}
