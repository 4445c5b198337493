package nix_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
	"github.com/imagetrust/imagetrust/sbom/detect/nix"
)

const database = "nix/var/nix/db/db.sqlite"

// readDemo returns the database that testdata/README.md tells of.
func readDemo() ([]byte, error) {
	f, err := os.Open("testdata/db.sqlite.gz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func demo(t testing.TB) []byte {
	t.Helper()
	data, err := readDemo()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func Example() {
	data, err := readDemo()
	if err != nil {
		fmt.Println(err)
		return
	}
	f := detecttest.File{Path: "nix/var/nix/db/db.sqlite", Data: data}.Open()
	frag, err := nix.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range frag.Components {
		fmt.Println(c.PURL)
	}
	// Output:
	// pkg:nix/python3.11-six@1.16.0
	// pkg:nix/python3.11-six@1.16.0?output=lib
	// pkg:nix/zlib-ng@2.0?output=lib
	// pkg:nix/zlib-ng@2.0
	// pkg:nix/demo@1.2.3?output=lib
	// pkg:nix/demo@1.2.3
}

// edited is the database with texts replaced by others of the same length.
func edited(t testing.TB, pairs ...string) []byte {
	data := demo(t)
	for i := 0; i < len(pairs); i += 2 {
		if len(pairs[i]) != len(pairs[i+1]) || !bytes.Contains(data, []byte(pairs[i])) {
			t.Fatalf("%q cannot be replaced", pairs[i])
		}
		data = bytes.ReplaceAll(data, []byte(pairs[i]), []byte(pairs[i+1]))
	}
	return data
}

func quirks(t testing.TB) []detecttest.File {
	return []detecttest.File{
		{Path: database, Data: demo(t)},
		{Path: "opt/root/" + database, Data: edited(t, "demo-1.2.3", "demo-x.2.3")},
		{Path: "badpath/" + database, Data: edited(t, "/nix/store/wj95", "/nix/stare/wj95", "/nix/store/hnb5", "/nix/store/eeee")},
		{Path: database + "-wal", Data: []byte("x")},
	}
}

func TestQuirks(t *testing.T) { golden.Check(t, nix.New(), quirks(t), "testdata/quirks.golden") }

func TestConformance(t *testing.T) { detecttest.Run(t, nix.New(), quirks(t)...) }

func TestWants(t *testing.T) {
	for p, want := range map[string]bool{
		database:                         true,
		"mnt/" + database:                true,
		database + "-wal":                true,
		database + "-shm":                false,
		"xnix/var/nix/db/db.sqlite":      false,
		"nix/store/abc-x-1/bin/x":        false,
		"nix/var/nix/db/reserved":        false,
		"nix/store/abc-x-1/db/db.sqlite": false,
	} {
		if got := nix.New().Wants(&detect.Entry{Path: p, Size: 1}); got != want {
			t.Errorf("Wants(%s) = %v", p, got)
		}
	}
	if nix.New().Wants(&detect.Entry{Path: database + "-wal"}) {
		t.Error("wants an empty log")
	}
}

func TestErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		data []byte
		want error
	}{
		"empty":         {nil, detect.ErrFormat},
		"other":         {make([]byte, 8192), detect.ErrFormat},
		"no references": {edited(t, "tableRefs", "tableRafs"), detect.ErrFormat},
		"no table":      {edited(t, "tableValidPaths", "tableXalidPaths"), detect.ErrFormat},
		"encoding":      {append(append(demo(t)[:56:56], 0, 0, 0, 2), demo(t)[60:]...), detect.ErrUnsupported},
		"truncated":     {demo(t)[:4096], detect.ErrFormat},
	} {
		if _, err := detecttest.DetectFile(t, nix.New(), detecttest.File{Path: database, Data: tt.data}); !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v, want %v", name, err, tt.want)
		}
	}
	golden.TooLarge(t, nix.New(), 256<<20, detecttest.File{Path: database})
}

// FuzzDetect checks the contract, and that relations are between components.
func FuzzDetect(f *testing.F) {
	files := []detecttest.File{{Path: database, Data: demo(f)}}
	golden.Fuzz(f, nix.New(), files, func(_ detecttest.File, frag *detect.Fragment, err error) error {
		if err != nil {
			return nil
		}
		keys := make(map[string]bool)
		for _, c := range frag.Components {
			keys[c.Key] = true
			if c.Version == "" || c.Name == "" {
				return fmt.Errorf("%q has no name or version", c.Key)
			}
		}
		for _, r := range frag.Relations {
			if !keys[r.From] || !keys[r.To] {
				return fmt.Errorf("%+v is of something else", r)
			}
		}
		return nil
	})
}

func BenchmarkDetect(b *testing.B) {
	data := demo(b)
	golden.Benchmark(b, nix.New(), detecttest.File{Path: database, Data: data})
}
