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

func TestRealComponents(t *testing.T) {
	for _, tt := range []struct{ syft, other string }{
		{"nginx-1.23.syft.json", "nginx-1.23.trivy.cyclonedx.json"},
		{"redis-7.syft.json", "redis-7.trivy.cyclonedx.json"},
		{"traefik-2.8.syft.json", "traefik-2.8.trivy.cyclonedx.json"},
	} {
		t.Run(tt.other, func(t *testing.T) {
			r := run(t, syftJSON(t, tt.syft), cycloneDX(t, tt.other))
			report1(t, r)
		})
	}
	r := run(t, cycloneDX(t, "debian12-rootfs.syft.cdx.json"), cycloneDX(t, "debian12-rootfs.scalibr.cdx.json"))
	report1(t, r)
}

func TestRealFindings(t *testing.T) {
	for _, image := range []string{"nginx-1.23", "redis-7", "traefik-2.8", "mysql-oracle", "ubuntu-latest"} {
		r := run(t, scannerReport(t, image+".grype.json"), scannerReport(t, image+".trivy.json"))
		report1(t, r)
	}
}

func report1(t *testing.T, r *reconcile.Reconciliation) {
	for _, in := range r.Inputs {
		t.Logf("%s: %d components %d findings complete %v %+v", in.Name, in.Components, in.Findings, in.Complete, in.Distribution)
	}
	t.Logf("%+v", r.Summary)
	n := map[string]int{}
	for i := range r.Differences {
		d := &r.Differences[i]
		k := string(d.Kind) + string(d.Cause)
		if n[k]++; n[k] <= 4 && d.Cause != reconcile.CauseSpelling && d.Kind != reconcile.KindSeverity {
			t.Log(d.Explain())
		}
	}
}
