package node_test

import (
	"errors"
	"fmt"
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

// TestManyPackages: a lock file of a hundred thousand packages is read.
func TestManyPackages(t *testing.T) {
	const n = 100_000
	var lock strings.Builder
	lock.WriteString("lockfileVersion: '9.0'\npackages:\n")
	for i := range n {
		fmt.Fprintf(&lock, "  p%d@1.0.0:\n    resolution: {integrity: sha512-x}\n", i)
	}
	lock.WriteString("snapshots:\n")
	for i := range n {
		fmt.Fprintf(&lock, "  p%d@1.0.0:\n    dependencies:\n      p%d: 1.0.0\n", i, (i+1)%n)
	}
	l, err := node.ParsePnpmLock([]byte(lock.String()))
	if err != nil || len(l.IDs) != n {
		t.Fatalf("%d packages, error %v", len(l.IDs), err)
	}
	if got := l.Dependencies("p7@1.0.0"); len(got) != 1 || got[0] != "p8@1.0.0" {
		t.Errorf("p7 depends on %v", got)
	}
}
