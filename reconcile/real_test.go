package reconcile_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/cyclonedx"
	"github.com/imagetrust/imagetrust/scan/report"
)

// open opens a document of the shared reports, or skips the test.
func open(t testing.TB, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "shared", "reports", name))
	if err != nil {
		t.Skip("the shared reports are not here: ", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// syftJSON reads what the comparison needs from Syft's own format.
func syftJSON(t testing.TB, name string) reconcile.Input {
	t.Helper()
	var doc struct {
		Artifacts []struct {
			ID, Name, Version, Type, PURL, FoundBy string
			Locations                              []struct{ Path, LayerID string }
			MetadataType                           string
		}
		Distro struct{ ID, VersionID string }
		Source struct{ Target json.RawMessage }
	}
	if err := json.NewDecoder(open(t, name)).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	inv := &sbom.Inventory{Tools: []sbom.Tool{{Name: "syft"}}, Distribution: &sbom.Distribution{ID: doc.Distro.ID, VersionID: doc.Distro.VersionID}}
	var target struct{ ImageID string }
	_ = json.Unmarshal(doc.Source.Target, &target)
	inv.Subject.Config = sbom.Digest(target.ImageID)
	for _, a := range doc.Artifacts {
		c := sbom.Component{ID: a.ID, Type: sbom.TypeLibrary, Name: a.Name, Version: a.Version, PURL: a.PURL,
			Properties: []sbom.Property{{Name: "syft:package:foundBy", Value: a.FoundBy}}}
		for _, l := range a.Locations {
			c.Evidence = append(c.Evidence, sbom.Evidence{Field: "purl", Technique: sbom.TechniqueManifest, Location: sbom.Location{Path: strings.TrimPrefix(l.Path, "/")}})
		}
		inv.Components = append(inv.Components, c)
	}
	return reconcile.Input{Name: name, Inventory: inv}
}

func cycloneDX(t testing.TB, name string) reconcile.Input {
	t.Helper()
	inv, err := cyclonedx.Decode(open(t, name), nil)
	if err != nil {
		t.Fatal(err)
	}
	return reconcile.Input{Name: name, Inventory: inv}
}

func scannerReport(t testing.TB, name string) reconcile.Input {
	t.Helper()
	rep, err := report.Decode(io.Reader(open(t, name)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return reconcile.Input{Name: name, Report: rep}
}

func run(t testing.TB, inputs ...reconcile.Input) *reconcile.Reconciliation {
	t.Helper()
	r, err := reconcile.Run(context.Background(), inputs, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := reconcile.Verify(r, inputs); err != nil {
		t.Error(err)
	}
	return r
}

// Components that two tools found in one image. leftover is how many the second
// tool has that the first has not, causes counts what is not just spelling.
func TestRealComponents(t *testing.T) {
	for _, tt := range []struct {
		a, b     reconcile.Input
		packages int // of b
		shared   int
		causes   map[reconcile.Cause]int
	}{
		{syftJSON(t, "nginx-1.23.syft.json"), cycloneDX(t, "nginx-1.23.trivy.cyclonedx.json"), 142, 142,
			map[reconcile.Cause]int{reconcile.CauseSpelling: 142, reconcile.CauseNotCatalogued: 1}},
		{syftJSON(t, "redis-7.syft.json"), cycloneDX(t, "redis-7.trivy.cyclonedx.json"), 98, 98,
			map[reconcile.Cause]int{reconcile.CauseSpelling: 96, reconcile.CauseHeuristic: 1}},
		{syftJSON(t, "traefik-2.8.syft.json"), cycloneDX(t, "traefik-2.8.trivy.cyclonedx.json"), 272, 272,
			map[reconcile.Cause]int{reconcile.CauseSpelling: 42, reconcile.CauseHeuristic: 1}},
	} {
		t.Run(tt.b.Name, func(t *testing.T) {
			r := run(t, tt.a, tt.b)
			if n := packages(tt.b.Inventory, ""); n != tt.packages || r.Summary.SharedComponents < tt.shared {
				t.Errorf("joined %d of %d, want %d of %d", r.Summary.SharedComponents, n, tt.shared, tt.packages)
			}
			checkCauses(t, r, tt.causes)
		})
	}
}

func TestRealDebian(t *testing.T) {
	syft, scalibr := cycloneDX(t, "debian12-rootfs.syft.cdx.json"), cycloneDX(t, "debian12-rootfs.scalibr.cdx.json")
	r := run(t, syft, scalibr)
	debs := 0
	for i := range r.Components {
		if inputs := inputsOf(&r.Components[i]); r.Components[i].Type == "deb" && len(inputs) == 2 {
			debs++
		}
	}
	if want := packages(scalibr.Inventory, "pkg:deb/"); debs != want || want != 157 {
		t.Errorf("joined %d of %d Debian packages, want all 157", debs, want)
	}
	for i := range r.Differences {
		if d := &r.Differences[i]; d.Cause == reconcile.CauseUnexplained {
			t.Error(d.Explain())
		}
	}
}

// Findings of two scanners on one image. Unexplained are rows for which neither
// report says why.
func TestRealFindings(t *testing.T) {
	total, unexplained := 0, 0
	for _, tt := range []struct {
		image               string
		findings, shared, u int // at least, at least, at most
	}{
		{"nginx-1.23", 147, 147, 0},
		{"redis-7", 81, 80, 1},
		{"traefik-2.8", 24, 4, 2},
		{"mysql-oracle", 10, 3, 1},
		{"ubuntu-latest", 22, 22, 0},
	} {
		t.Run(tt.image, func(t *testing.T) {
			r := run(t, scannerReport(t, tt.image+".grype.json"), scannerReport(t, tt.image+".trivy.json"))
			u := r.Summary.Count(reconcile.KindFinding, reconcile.CauseUnexplained)
			total, unexplained = total+r.Summary.Findings, unexplained+u
			if r.Summary.Findings < tt.findings || r.Summary.SharedFindings < tt.shared || u > tt.u {
				t.Errorf("%d findings, %d shared, %d unexplained; want %d, %d, %d", r.Summary.Findings, r.Summary.SharedFindings, u, tt.findings, tt.shared, tt.u)
			}
		})
	}
	t.Logf("%d of %d findings unexplained", unexplained, total)
	if unexplained*50 > total {
		t.Errorf("%d of %d findings are unexplained, more than 2 %%", unexplained, total)
	}
}

func packages(inv *sbom.Inventory, prefix string) int {
	n := 0
	for i := range inv.Components {
		if c := &inv.Components[i]; c.PURL != "" && strings.HasPrefix(c.PURL, prefix) {
			n++
		}
	}
	return n
}
