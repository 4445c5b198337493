package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

// CheckInvariants asserts what holds of every inventory that the engine makes.
func CheckInvariants(t testing.TB, inv *sbom.Inventory) {
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
		checkFile(t, inv, f, ids)
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
			t.Errorf("%s: layers out of order: %s", c.Name, DescribeAttribution(a))
		}
		last = ref.Index
	}
	if last >= len(inv.Layers) {
		t.Errorf("%s: layer %d of %d", c.Name, last, len(inv.Layers))
	}
}

func checkFile(t testing.TB, inv *sbom.Inventory, f *sbom.File, ids map[string]bool) {
	t.Helper()
	switch {
	case (f.Owner == "") != (f.Claim == ""), f.Owner != "" && !ids[f.Owner]:
		t.Errorf("%s: owner %q by %q", f.Path, f.Owner, f.Claim)
	case (f.Layer == nil) != (f.Integrity == sbom.Missing):
		t.Errorf("%s: %s, layer %v", f.Path, f.Integrity, f.Layer)
	case f.Executable() && len(f.Digests) == 0 && slices.ContainsFunc(inv.Gaps, func(g sbom.Gap) bool { return g.Path == f.Path }):
		// It could not be read.
	case f.Executable() && (len(f.Digests) == 0 || f.Digests[0].Algorithm() != "sha256"):
		t.Errorf("%s: digests %v", f.Path, f.Digests)
	case !f.Executable() && f.Integrity != sbom.Modified && f.Integrity != sbom.Missing:
		t.Errorf("%s is listed for no reason", f.Path)
	}
}

// DescribeAttribution says in words when a component came, changed and went.
func DescribeAttribution(a sbom.Attribution) string {
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
