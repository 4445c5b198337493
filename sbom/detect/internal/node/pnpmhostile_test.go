package node_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
)

// TestManyDocuments: each document of a lock file can be a problem, and an error made of
// a hundred thousand others takes minutes to write.
func TestManyDocuments(t *testing.T) {
	_, err := node.ParsePnpmLock([]byte(strings.Repeat("---\na: b\n", 200_000)))
	if !errors.Is(err, detect.ErrLimit) || !errors.Is(err, detect.ErrUnsupported) || len(err.Error()) > 2000 {
		t.Errorf("error of %d bytes", len(err.Error()))
	}
}
