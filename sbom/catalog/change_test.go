package catalog_test

import (
	"crypto/md5"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// TestForgedRecord: a layer that replaces a package's record, so that another program is
// as recorded, is the package's Modified. The files added here, which do not exist, make
// the sum of the FNV-1a hashes of both records the same.
func TestForgedRecord(t *testing.T) {
	record := func(digest string, added ...int) string {
		claims := []string{fmt.Sprintf(`{"key": "p", "path": "usr/bin/p", "digest": "md5:%s"}`, digest)}
		for _, n := range added {
			claims = append(claims, fmt.Sprintf(`{"key": "p", "path": "d/%d", "digest": "md5:%x"}`, n, md5.Sum(fmt.Append(nil, n))))
		}
		return fmt.Sprintf(`{"components": [{"key": "p", "type": "application", "name": "p", "version": "1"}], "claims": [%s]}`,
			strings.Join(claims, ","))
	}
	img := imageOf(t,
		layerOf(t, member{path: "p.fragment.json", data: record(strings.Repeat("a", 32))}),
		layerOf(t, member{path: "p.fragment.json", data: record(strings.Repeat("b", 32),
			21, 367286, 767072, 981834, 1184505, 1488558, 1646951, 1952299)}))
	inv := mustImage(t, img, &catalog.Options{Detectors: []detect.Detector{literal{}}})
	if m := inv.Components[0].Attribution.Modified; m == nil || m.Index != 1 {
		t.Errorf("modified in %v", m)
	}
}
