package score

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
	"github.com/imagetrust/imagetrust/sbom"
)

func at(path string) []sbom.Evidence { return []sbom.Evidence{{Location: sbom.Location{Path: path}}} }

func layers(introduced, modified int) sbom.Attribution {
	a := sbom.Attribution{Introduced: &sbom.LayerRef{Index: introduced}, Visible: true}
	if modified > 0 {
		a.Modified = &sbom.LayerRef{Index: modified}
	}
	return a
}

func TestInventory(t *testing.T) {
	inv := &sbom.Inventory{
		Components: []sbom.Component{
			{ID: "d", Name: "tool", PURL: "pkg:deb/debian/tool@1?arch=amd64", Attribution: layers(0, 2), Files: sbom.FileCounts{Missing: 3}, Evidence: at("var/lib/dpkg/status")},
			{ID: "ghost", Name: "ghost", PURL: "pkg:deb/debian/ghost@1", Attribution: layers(1, 0), Evidence: at("var/lib/dpkg/status")},
			{ID: "gone", PURL: "pkg:deb/debian/gone@1", Attribution: sbom.Attribution{Removed: &sbom.LayerRef{Index: 1}}},
			{ID: "left", PURL: "pkg:deb/debian/left@1", Scope: sbom.ScopeResidual, Attribution: layers(0, 0), Evidence: at("var/lib/dpkg/status")},
			{ID: "m", PURL: "pkg:maven/g/inner@2", Attribution: layers(1, 0), Evidence: at("opt/a.jar!/b.jar")},
			{ID: "v", Name: "vendored", Scope: sbom.ScopeBundled, Attribution: layers(1, 0), Evidence: at("srv/dist/vendored/package.json")},
			{ID: "app", Name: "app", Version: "1", Attribution: layers(1, 0), Evidence: at("srv/package.json")},
			{ID: "p", Name: "p", PURL: "pkg:golang/example.com/p", Type: sbom.TypeApplication, Attribution: layers(1, 0), Evidence: at("opt/p")},
			{ID: "s", Name: "stdlib", PURL: "pkg:golang/stdlib@1.26", Attribution: layers(1, 0), Evidence: at("opt/p")},
		},
		Gaps: []sbom.Gap{
			{Kind: sbom.GapGhost, Component: "ghost", Path: "var/lib/dpkg/status"},
			{Kind: sbom.GapIncomplete, Path: "srv/dist/unversioned/package.json"},
		},
		Files: []sbom.File{
			{Path: "usr/bin/tool", Owner: "d", Claim: sbom.ClaimRecorded, Integrity: sbom.Modified, Layer: &sbom.LayerRef{Index: 2}},
			{Path: "usr/bin/su", Owner: "d", Claim: sbom.ClaimRecorded, Integrity: sbom.Intact, Mode: fs.ModeSetuid | 0o755, Layer: &sbom.LayerRef{}},
			{Path: "usr/bin/lost", Owner: "d", Claim: sbom.ClaimRecorded, Integrity: sbom.Missing},
			{Path: "usr/local/bin/sh", Mode: fs.ModeSetgid | 0o755, Layer: &sbom.LayerRef{Index: 1}},
			{Path: "opt/p", Owner: "p", Claim: sbom.ClaimContent, Mode: fs.ModeSetuid | 0o755, Layer: &sbom.LayerRef{Index: 1}},
			{Path: "usr/bin/plain", Mode: 0o755, Layer: &sbom.LayerRef{Index: 1}},
		},
	}
	want := &Report{
		Installed: []Package{
			{Ecosystem: truth.Debian, Name: "tool", Version: "1", Layer: 2, Introduced: 0},
			{Ecosystem: truth.Debian, Name: "ghost", Version: "1", Layer: 1, Introduced: 1},
			{Ecosystem: truth.Maven, Name: "g:inner", Version: "2", Path: "opt/a.jar", Layer: 1, Introduced: 1},
			{Ecosystem: truth.Go, Name: "stdlib", Version: "1.26", Path: "opt/p", Layer: 1, Introduced: 1},
		},
		Apart:     map[string]bool{"var/lib/dpkg/status": true, "srv/dist/vendored/package.json": true, "srv/dist/unversioned/package.json": true, "srv/package.json": true},
		Programs:  map[string]bool{"example.com/p": true},
		Integrity: true,
		Changes: []truth.Change{
			{Kind: truth.Modified, Path: "usr/bin/tool", Package: "tool", Layer: 2},
			{Kind: truth.Missing, Path: "usr/bin/lost", Package: "tool"},
			{Kind: truth.Unowned, Path: "usr/local/bin/sh", Layer: 1},
			{Kind: truth.Unowned, Path: "opt/p", Package: "p", Layer: 1},
		},
		Missing: map[string]int{"tool": 3},
		Ghosts:  map[string]bool{"ghost": true},
	}
	if diff := cmp.Diff(want, Inventory(inv)); diff != "" {
		t.Error(diff)
	}
}
