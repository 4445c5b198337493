package debian

import (
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/staticlib"
)

// The table of the package has what programs link most.
func TestTable(t *testing.T) {
	d := Table()
	libraries, functions := d.Len()
	if libraries < 2000 || functions < 30_000 {
		t.Errorf("%d functions of %d libraries", functions, libraries)
	}
	most := 0
	have := make(map[string]bool)
	for i := range libraries {
		l := d.Library(i)
		most = max(most, l.Functions)
		have[l.Name] = have[l.Name] || l.Functions >= 4
	}
	for _, name := range []string{"zlib", "libpng", "freetype", "sqlite", "libxml2", "pcre2", "expat", "zstd"} {
		if !have[name] {
			t.Errorf("no %s", name)
		}
	}
}

// BenchmarkTable reads the table, which happens once.
func BenchmarkTable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := staticlib.Read(strings.NewReader(libraries)); err != nil {
			b.Fatal(err)
		}
	}
}
