package dart_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/dart"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// TestManyKeys: a lock file of a megabyte took a minute, because each of its keys was
// compared with each other one.
func TestManyKeys(t *testing.T) {
	var lock strings.Builder
	lock.WriteString("packages:\n")
	for i := range 30_000 {
		fmt.Fprintf(&lock, "  a%d: {version: \"1\", source: hosted}\n", i)
	}
	_, err := detecttest.DetectFile(t, dart.New(), detecttest.File{Path: "app/pubspec.lock", Data: []byte(lock.String())})
	if !errors.Is(err, detect.ErrLimit) {
		t.Errorf("error %v", err)
	}
}
