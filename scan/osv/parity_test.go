package osv

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan/report"
)

// sharedReports is a directory of published SBOMs and reports beside the repository.
const sharedReports = "../../../shared/reports"

// syftInventory reads a document of Syft, in its own format or CycloneDX, as Grype
// does: every package with the source package that its purl names.
func syftInventory(t testing.TB, name string, distro *sbom.Distribution) *sbom.Inventory {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sharedReports, name))
	if err != nil {
		t.Skipf("no published SBOM: %v", err)
	}
	var doc struct {
		Artifacts, Components []struct{ Name, Version, PURL string }
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	inv := &sbom.Inventory{Distribution: distro}
	for _, a := range slices.Concat(doc.Artifacts, doc.Components) {
		c := sbom.Component{Type: sbom.TypeLibrary, Name: a.Name, Version: a.Version, PURL: a.PURL, Attribution: sbom.Attribution{Visible: true}}
		if p, err := c.ParsePURL(); err == nil {
			if src, version, _ := strings.Cut(p.Qualifiers.Map()["upstream"], "@"); src != "" {
				c.Source = &sbom.SourcePackage{Name: src, Version: version}
			}
		}
		inv.Components = append(inv.Components, c)
	}
	return inv
}

// row is what the two scanners must agree on.
type row struct{ pkg, version, id, fixed string }

// TestParityWithGrype compares our findings with those of Grype 0.120.0 over a
// database of the same Debian records, row by row. There is no difference to explain: the
// sets are equal. Where an SBOM lists a package twice (installed, and as an archive in
// apt's cache), both scanners say everything twice; rows are sets here.
func TestParityWithGrype(t *testing.T) {
	db := openShared(t)
	for _, tc := range []struct {
		image, sbom string
		distro      sbom.Distribution
		rows        int
	}{
		{"nginx-1.23", "nginx-1.23.syft.json", sbom.Distribution{ID: "debian", VersionID: "11"}, 23},
		{"redis-7", "redis-7.syft.json", sbom.Distribution{ID: "debian", VersionID: "11"}, 12},
		{"debian12-rootfs", "debian12-rootfs.syft.cdx.json", sbom.Distribution{ID: "debian", VersionID: "12"}, 118},
	} {
		t.Run(tc.image, func(t *testing.T) {
			inv := syftInventory(t, tc.sbom, &tc.distro)
			ours, err := NewScanner(db, nil).Scan(t.Context(), inv)
			if err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(filepath.Join(sharedReports, tc.image+".grype-on-shared-osv.json"))
			if err != nil {
				t.Skip(err)
			}
			defer f.Close()
			theirs, err := report.Decode(f, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, want := map[row]bool{}, map[row]bool{}
			for _, f := range ours.Findings {
				if strings.HasPrefix(f.Component.PURL, "pkg:deb/") { // Grype's database had Debian's records only.
					got[row{f.Component.Name, f.Component.Version, f.ID, strings.Join(f.FixedVersions, ",")}] = true
				}
			}
			for _, f := range theirs.Findings {
				want[row{f.Component.Name, f.Component.Version, f.ID, strings.Join(f.FixedVersions, ",")}] = true
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{})); diff != "" {
				t.Errorf("(-Grype +ours):\n%s", diff)
			}
			if len(got) != tc.rows {
				t.Errorf("%d rows, want %d", len(got), tc.rows)
			}
			for _, g := range ours.Gaps {
				t.Errorf("gap: %s", g.Message)
			}
			reasons := map[string]int{}
			for _, u := range ours.Unassessed {
				reasons[u.Reason]++
			}
			for _, r := range slices.Sorted(maps.Keys(reasons)) {
				t.Logf("not assessed: %4d %s", reasons[r], r)
			}
		})
	}
}

// TestWrongRelease: the release is part of the key. With that of another one no
// finding is the same.
func TestWrongRelease(t *testing.T) {
	db := openShared(t)
	ids := func(release string) map[string]bool {
		rep, err := NewScanner(db, nil).Scan(t.Context(), syftInventory(t, "nginx-1.23.syft.json", &sbom.Distribution{ID: "debian", VersionID: release}))
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]bool{}
		for _, f := range rep.Findings {
			if strings.HasPrefix(f.Component.PURL, "pkg:deb/") {
				out[f.Component.Name+" "+f.Match.Record.Hex()+" "+f.Match.Ecosystem] = true
			}
		}
		return out
	}
	right, wrong := ids("11"), ids("12")
	for k := range wrong {
		if right[k] {
			t.Errorf("%s in both releases", k)
		}
	}
	if len(right) == 0 || len(wrong) == 0 {
		t.Errorf("%d and %d findings", len(right), len(wrong))
	}
}
