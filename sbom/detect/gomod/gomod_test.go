package gomod

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func TestTree(t *testing.T) { golden.TestTree(t, New(), maxFile) }

// TestThisModule reads the go.mod and go.sum of this module: each module that is
// required has a checksum.
func TestThisModule(t *testing.T) {
	required := make(map[string]int)
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile("../../../" + name)
		if err != nil {
			t.Skip("the module's own files are not there:", err)
		}
		frag := detecttest.Detect(t, New(), "srv/"+name, data)
		for _, c := range frag.Components {
			required[c.Aliases[0]]++
		}
		for _, a := range frag.Annotations {
			if _, ok := required[a.Key]; ok {
				required[a.Key]++
			}
		}
	}
	if len(required) < 10 {
		t.Errorf("%d modules", len(required))
	}
	for key, n := range required {
		if n != 2 {
			t.Errorf("%s is told %d times, want in go.mod and in go.sum", key, n)
		}
	}
}

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"go.mod": true, "srv/go.sum": true, "srv/vendor/modules.txt": true, "vendor/modules.txt": true,
		"usr/local/go/src/vendor/modules.txt": true, "srv/modules.txt": false, "srv/xvendor/modules.txt": false,
		"root/go/pkg/mod/example.com/a@v1.0.0/go.mod": false, "srv/vendor/example.com/a/go.mod": false,
		"srv/vendor/example.com/a/vendor/modules.txt": false, "srv/go.mod/a": false, "srv/go.work": false,
	})
}

func FuzzFile(f *testing.F) {
	paths := []string{"a/go.mod", "a/go.sum", "a/vendor/modules.txt"}
	golden.FuzzPaths(f, New(), paths, golden.Tree(f), func(_ detecttest.File, frag *detect.Fragment, _ error) error {
		for _, c := range frag.Components {
			if c.Scope == sbom.ScopeInstalled || c.Version == "" {
				return fmt.Errorf("component %+v", c)
			}
		}
		for _, c := range frag.Claims {
			if !strings.HasPrefix(c.Path, "a/vendor/") {
				return fmt.Errorf("claim %+v", c)
			}
		}
		return nil
	})
}

func BenchmarkGoMod(b *testing.B) {
	var data strings.Builder
	data.WriteString("module example.com/m\nrequire (\n")
	for i := range 400 {
		fmt.Fprintf(&data, "\texample.com/module%d v1.%d.0 // indirect\n", i, i)
	}
	data.WriteString(")\n")
	golden.Benchmark(b, New(), detecttest.File{Path: "srv/go.mod", Data: []byte(data.String())})
}

func BenchmarkWants(b *testing.B) { golden.BenchmarkWants(b, New(), golden.Library()) }
