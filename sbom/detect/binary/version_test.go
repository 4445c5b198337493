package binary

import (
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/staticlib"
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
