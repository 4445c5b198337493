package gomod

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func tree(t testing.TB) []detecttest.File {
	t.Helper()
	return golden.Files(t, "testdata/tree.txtar")
}

func TestTree(t *testing.T) { golden.Check(t, New(), tree(t), "testdata/tree.golden") }

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

func TestConformance(t *testing.T) { detecttest.Run(t, New(), tree(t)...) }

func TestWants(t *testing.T) {
	for path, want := range map[string]bool{
		"go.mod": true, "srv/go.sum": true, "srv/vendor/modules.txt": true, "vendor/modules.txt": true,
		"usr/local/go/src/vendor/modules.txt": true, "srv/modules.txt": false, "srv/xvendor/modules.txt": false,
		"root/go/pkg/mod/example.com/a@v1.0.0/go.mod": false, "srv/vendor/example.com/a/go.mod": false,
		"srv/vendor/example.com/a/vendor/modules.txt": false, "srv/go.mod/a": false, "srv/go.work": false,
	} {
		if got := New().Wants(&detect.Entry{Path: path, Size: 1}); got != want {
			t.Errorf("Wants(%q) = %t", path, got)
		}
	}
	if New().Wants(&detect.Entry{Path: "go.mod"}) {
		t.Error("wants an empty file")
	}
}

func TestTooLarge(t *testing.T) {
	f := &detect.File{Entry: detect.Entry{Path: "go.sum", Size: maxFile + 1}}
	if frag, err := New().Detect(context.Background(), f); frag != nil || !errors.Is(err, detect.ErrLimit) {
		t.Errorf("%v, %v, want ErrLimit", frag, err)
	}
}

func FuzzFile(f *testing.F) {
	paths := []string{"a/go.mod", "a/go.sum", "a/vendor/modules.txt"}
	for _, file := range tree(f) {
		for i, path := range paths {
			if strings.HasSuffix(file.Path, path[2:]) {
				f.Add(uint8(i), file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		file := detecttest.File{Path: paths[int(kind)%len(paths)], Data: data}
		if err := detecttest.Check(New(), file); err != nil {
			t.Fatal(err)
		}
		frag, _ := New().Detect(context.Background(), &detect.File{Entry: file.Entry(), ReaderAt: strings.NewReader(string(data))})
		if frag == nil {
			return
		}
		for _, c := range frag.Components {
			if c.Scope == sbom.ScopeInstalled || c.Version == "" {
				t.Errorf("component %+v", c)
			}
		}
		for _, c := range frag.Claims {
			if !strings.HasPrefix(c.Path, "a/vendor/") {
				t.Errorf("claim %+v", c)
			}
		}
	})
}

func BenchmarkGoMod(b *testing.B) {
	var data strings.Builder
	data.WriteString("module example.com/m\nrequire (\n")
	for i := range 400 {
		fmt.Fprintf(&data, "\texample.com/module%d v1.%d.0 // indirect\n", i, i)
	}
	data.WriteString(")\n")
	in := &detect.File{Entry: detect.Entry{Path: "srv/go.mod", Size: int64(data.Len())}, ReaderAt: strings.NewReader(data.String())}
	b.SetBytes(in.Size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New().Detect(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWants(b *testing.B) {
	e := &detect.Entry{Path: "usr/lib/x86_64-linux-gnu/libssl.so.3", Size: 1 << 20}
	d := New()
	b.ReportAllocs()
	for b.Loop() {
		d.Wants(e)
	}
}
