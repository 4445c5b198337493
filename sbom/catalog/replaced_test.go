package catalog_test

import (
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// TestReplacedByDirectory: a recorded program that became a directory is modified, as one
// that became a link is; a recorded directory is nobody's.
func TestReplacedByDirectory(t *testing.T) {
	const record = `{"components": [{"key": "p", "type": "application", "name": "p", "version": "1"}],
		"claims": [{"key": "p", "path": "usr/bin"}, {"key": "p", "path": "usr/bin/p"},
			{"key": "p", "path": "usr/bin/p", "digest": "md5:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]}`
	for _, instead := range []member{{path: "usr/bin/p/evil", mode: 0o755, data: "#!"}, {path: "usr/bin/p", symlink: "evil"}} {
		inv := mustImage(t, imageOf(t,
			layerOf(t, member{path: "p.fragment.json", data: record}, member{path: "usr/bin/p", mode: 0o755, data: "#!good"}),
			layerOf(t, instead)), &catalog.Options{Detectors: []detect.Detector{literal{}}})
		if c := inv.Components[0].Files; c != (sbom.FileCounts{Owned: 1, Present: 1, Modified: 1}) {
			t.Errorf("%s: counts %+v", instead.path, c)
		}
		if f := inv.Files[0]; f.Path != "usr/bin/p" || f.Integrity != sbom.Modified {
			t.Errorf("%s: %+v", instead.path, f)
		}
	}
}
