package nativeimage

import (
	"runtime"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

// TestManyLicences has components with hundreds of thousands of licences, which say nothing.
func TestManyLicences(t *testing.T) {
	many := `{"name":"a","version":"1","licenses":[` + strings.Repeat("{},", 1<<18) + `{"expression":"MIT"}]},`
	doc := `{"bomFormat":"CycloneDX","components":[` + strings.Repeat(many, 16) + `{"name":"b","version":"1","licenses":[{},{"license":{"id":"BSD-3-Clause"}}]}]}`
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var set payload.Set
	if err := components([]byte(doc), 0, &set); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	var p payload.Payload
	set.Tell(&p)
	if len(p.Packages) != 2 || p.Packages[1].License != "BSD-3-Clause" {
		t.Errorf("%+v", p.Packages)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Errorf("%d bytes were allocated", n)
	}
}
