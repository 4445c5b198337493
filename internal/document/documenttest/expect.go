package documenttest

import (
	"reflect"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/imagetrust/imagetrust/sbom"
)

// Expected returns the inventory that a reader has to give back for a document
// of inv that was written with the given options: inv itself but for what the
// losses name. It applies the losses and nothing else, so that a loss which is
// missing, or which is none, shows as a difference. It reports a loss that it
// does not know.
func Expected(inv *sbom.Inventory, losses []sbom.Loss) (*sbom.Inventory, string) {
	want := *inv
	want.Components = nil
	dropped := map[string]int{}
	for _, l := range losses {
		dropped[l.Field] = l.Count
	}
	kept := map[string]bool{}
	for _, c := range inv.Components {
		if dropped["components"] > 0 && !c.Attribution.Visible {
			dropped["components"]--
			continue
		}
		kept[c.ID] = true
		want.Components = append(want.Components, c)
	}
	want.Relationships = nil
	for _, r := range inv.Relationships {
		if dropped["relationships"] > 0 && !(kept[r.From] && kept[r.To]) {
			dropped["relationships"]--
			continue
		}
		want.Relationships = append(want.Relationships, r)
	}
	if dropped["files"] == len(inv.Files) {
		want.Files = nil
		delete(dropped, "files")
	}
	for field, n := range dropped {
		if n != 0 {
			return nil, "loss of " + field + " beyond what was there"
		}
	}
	return &want, ""
}

// Diff says in what two inventories differ, apart from order and from the
// pointers that readers add; nothing when they are equal.
func Diff(want, got *sbom.Inventory) string {
	want, got = normal(want), normal(got)
	if reflect.DeepEqual(want, got) {
		return "" // much faster, which matters to the fuzz targets
	}
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateNaNs())
}

func normal(inv *sbom.Inventory) *sbom.Inventory {
	n := *inv
	n.Components = nil
	for _, c := range inv.Components {
		var props []sbom.Property
		for _, p := range c.Properties {
			if p.Name != "imagetrust:pointer" {
				props = append(props, p)
			}
		}
		c.Properties = props
		n.Components = append(n.Components, c)
	}
	n.Sort()
	return &n
}
