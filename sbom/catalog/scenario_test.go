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
			checkInvariants(t, inv)
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
		fmt.Fprintf(&b, "component %s\n\t%s%s at %s\n", label[c.ID], attribution(c.Attribution), scope(c.Scope), c.Location().Path)
		if c.Files != (sbom.FileCounts{}) {
			fmt.Fprintf(&b, "\t%d owned, %d present, %d missing, %d modified, %d verified\n",
				c.Files.Owned, c.Files.Present, c.Files.Missing, c.Files.Modified, c.Files.Verified)
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

func attribution(a sbom.Attribution) string {
	var parts []string
	for _, p := range []struct {
		what string
		ref  *sbom.LayerRef
	}{{"introduced", a.Introduced}, {"modified", a.Modified}, {"removed", a.Removed}} {
		if p.ref != nil {
			parts = append(parts, fmt.Sprintf("%s in layer %d", p.what, p.ref.Index))
		}
	}
	return strings.Join(parts, ", ")
}

func scope(s sbom.Scope) string {
	if s == sbom.ScopeInstalled {
		return ""
	}
	return ", " + string(s) + ","
}

// checkInvariants asserts what holds of every inventory that the engine makes.
func checkInvariants(t testing.TB, inv *sbom.Inventory) {
	t.Helper()
	ids := make(map[string]bool)
	for i := range inv.Components {
		c := &inv.Components[i]
		if ids[c.ID] {
			t.Errorf("two components have the id %s", c.ID)
		}
		ids[c.ID] = true
		if want := sbom.ComponentID(c); !strings.HasPrefix(c.ID, want) {
			t.Errorf("%s: id %s is not %s", c.Name, c.ID, want)
		}
		checkAttribution(t, inv, c)
		if f := c.Files; f.Owned != f.Present+f.Missing || f.Modified+f.Verified > f.Present {
			t.Errorf("%s: counts %+v do not add up", c.Name, f)
		}
		if len(c.Evidence) == 0 || c.Location().Path == "" || c.Location().Layer == nil || c.Evidence[0].Detector == "" {
			t.Errorf("%s: evidence %+v", c.Name, c.Evidence)
		}
	}
	for i := 1; i < len(inv.Files); i++ {
		if inv.Files[i-1].Path >= inv.Files[i].Path {
			t.Errorf("file %s twice or out of order", inv.Files[i].Path)
		}
	}
	executables := 0
	for i := range inv.Files {
		f := &inv.Files[i]
		checkFile(t, f, ids)
		if f.Executable() {
			executables++
		}
	}
	sum := 0
	for _, tally := range inv.Accounting() {
		sum += tally.Files
	}
	if sum != executables {
		t.Errorf("%d executables, %d in all states together", executables, sum)
	}
	for _, r := range inv.Relationships {
		if !ids[r.From] || !ids[r.To] || r.From == r.To {
			t.Errorf("relationship %+v between what is not there", r)
		}
	}
	for _, g := range inv.Gaps {
		if g.Kind == "" || g.Message == "" || g.Component != "" && !ids[g.Component] {
			t.Errorf("gap %+v", g)
		}
	}
}

func checkAttribution(t testing.TB, inv *sbom.Inventory, c *sbom.Component) {
	t.Helper()
	a := c.Attribution
	if a.Visible != (a.Removed == nil) {
		t.Errorf("%s: visible %v, removed in %v", c.Name, a.Visible, a.Removed)
	}
	if a.Introduced == nil {
		t.Errorf("%s was never introduced", c.Name)
		return
	}
	last := a.Introduced.Index
	for _, ref := range []*sbom.LayerRef{a.Modified, a.Removed} {
		if ref == nil {
			continue
		}
		// A component that was changed cannot go in the layer that changed it.
		if ref.Index <= last {
			t.Errorf("%s: layers out of order: %s", c.Name, attribution(a))
		}
		last = ref.Index
	}
	if last >= len(inv.Layers) {
		t.Errorf("%s: layer %d of %d", c.Name, last, len(inv.Layers))
	}
}

func checkFile(t testing.TB, f *sbom.File, ids map[string]bool) {
	t.Helper()
	switch {
	case (f.Owner == "") != (f.Claim == ""), f.Owner != "" && !ids[f.Owner]:
		t.Errorf("%s: owner %q by %q", f.Path, f.Owner, f.Claim)
	case (f.Layer == nil) != (f.Integrity == sbom.Missing):
		t.Errorf("%s: %s, layer %v", f.Path, f.Integrity, f.Layer)
	case f.Executable() && (len(f.Digests) == 0 || f.Digests[0].Algorithm() != "sha256"):
		t.Errorf("%s: digests %v", f.Path, f.Digests)
	case !f.Executable() && f.Integrity != sbom.Modified && f.Integrity != sbom.Missing:
		t.Errorf("%s is listed for no reason", f.Path)
	}
}
