package binary

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/staticlib"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

// TestVersion has detectors that find different things have different versions: a cache of layers
// would mix them up.
func TestVersion(t *testing.T) {
	table := func(pattern string) *rules.Table {
		return &rules.Table{Products: []rules.Product{{Name: "acme", Text: []string{pattern}}}}
	}
	libraries := func(version string) *staticlib.Table {
		return staticlib.New([]staticlib.Library{{Name: "acme", Version: version}}, []int{0}, map[uint64]int{7: 0})
	}
	seen := make(map[string]int)
	for i, o := range []Options{
		{}, {Eager: true}, {Thorough: true},
		{Table: &rules.Table{}}, {Table: table("acme a {v}")}, {Table: table("acme b {v}")},
		{Libraries: libraries("1")}, {Libraries: libraries("2")}, {Libraries: libraries("1"), Eager: true},
	} {
		d, err := New(&o)
		if err != nil {
			t.Fatal(err)
		}
		v := d.ID().Version
		if first, ok := seen[v]; ok {
			t.Errorf("options %d and %d have the version %s", first, i, v)
		}
		seen[v] = i
	}
	a, errA := New(&Options{Table: table("acme a {v}"), Libraries: libraries("1")})
	b, errB := New(&Options{Table: table("acme a {v}"), Libraries: libraries("1")})
	if errA != nil || errB != nil || a.ID() != b.ID() {
		t.Errorf("%v and %v of the same options; %v, %v", a.ID(), b.ID(), errA, errB)
	}
}

// TestTablesOfVersion holds the embedded tables to the version: with another table the detector finds
// other things. When it fails, raise the number in version.go, and then -update.
func TestTablesOfVersion(t *testing.T) {
	var tables []string
	for _, pattern := range []string{"names/*.gz", "rules/*.gz", "rules/*.toml", "internal/bundled/*.tsv"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		tables = append(tables, files...)
	}
	slices.Sort(tables)
	h := sha256.New()
	for _, file := range tables {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(h, "%s %d\n%s", filepath.ToSlash(file), len(b), b)
	}
	golden.Compare(t, fmt.Appendf(nil, "version %s: %d tables, sha256 %x\n", new(Options).version(), len(tables), h.Sum(nil)), "testdata/tables.golden")
}
