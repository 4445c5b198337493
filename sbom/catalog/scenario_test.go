package catalog_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
)

var update = flag.Bool("update", false, "write the expected inventories anew")

// TestScenarios reads the images of testdata/*.txtar, which parseScenario
// describes, and compares the inventory with the file "want" in each, in the
// form of summary.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var layers []v1.Layer
			for _, members := range parseScenario(t, archive) {
				layers = append(layers, layerOf(t, members...))
			}
			inv, err := catalog.Image(context.Background(), imageOf(t, layers...), &catalog.Options{
				Detectors: append(catalog.Detectors(), literal{}),
			})
			if err != nil {
				t.Fatal(err)
			}
			catalog.CheckInvariants(t, inv)
			got := summary(inv)
			want := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
			if *update {
				if want < 0 {
					archive.Files = append(archive.Files, txtar.File{Name: "want"})
					want = len(archive.Files) - 1
				}
				archive.Files[want].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want < 0 {
				t.Fatal("no file named want; run with -update and read what it writes")
			}
			if diff := gocmp.Diff(string(archive.Files[want].Data), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// summary is an inventory for people: what the engine decides, without what
// detectors say about a component.
func summary(inv *sbom.Inventory) string {
	var b strings.Builder
	label := make(map[string]string)
	for _, c := range inv.Components {
		label[c.ID] = cmp.Or(c.PURL, strings.TrimSpace(c.Name+" "+c.Version))
	}
	if d := inv.Distribution; d != nil {
		fmt.Fprintf(&b, "distribution %s %s\n", d.ID, d.VersionID)
	}
	for _, c := range inv.Components {
		fmt.Fprintf(&b, "component %s\n\t%s%s at %s\n", label[c.ID], catalog.DescribeAttribution(c.Attribution), scope(c.Scope), c.Location().Path)
		if c.Files != (sbom.FileCounts{}) {
			fmt.Fprintf(&b, "\t%d owned, %d present, %d missing, %d modified, %d verified\n",
				c.Files.Owned, c.Files.Present, c.Files.Missing, c.Files.Modified, c.Files.Verified)
		}
		for _, l := range c.Licenses {
			fmt.Fprintf(&b, "\tlicence %s in %s\n", cmp.Or(l.Expression, l.Name), l.Location)
		}
	}
	for i := range inv.Files {
		f := &inv.Files[i]
		fmt.Fprintf(&b, "file %s\n\t", f.Path)
		if f.Layer != nil {
			fmt.Fprintf(&b, "layer %d, %v, %d bytes, ", f.Layer.Index, f.Mode, f.Size)
		}
		if f.Executable() {
			fmt.Fprintf(&b, "%s, %s", f.Kind, f.State())
		} else {
			b.WriteString(string(f.Integrity))
		}
		if f.Owner != "" {
			fmt.Fprintf(&b, ", %s by %s", f.Claim, label[f.Owner])
		}
		b.WriteByte('\n')
	}
	for _, r := range inv.Relationships {
		fmt.Fprintf(&b, "%s %s %s\n", label[r.From], r.Type, label[r.To])
	}
	for _, g := range inv.Gaps {
		fmt.Fprintf(&b, "gap %s %s", g.Kind, g.Path)
		if g.Layer != nil {
			fmt.Fprintf(&b, " in layer %d", g.Layer.Index)
		}
		if g.Component != "" {
			fmt.Fprintf(&b, " of %s", label[g.Component])
		}
		fmt.Fprintf(&b, ": %s\n", g.Message)
	}
	return b.String()
}

func scope(s sbom.Scope) string {
	if s == sbom.ScopeInstalled {
		return ""
	}
	return ", " + string(s) + ","
}
