package documenttest

import (
	"slices"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/internal/inventorytest"
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
		dropped[l.Field] += l.Count // one field, several reasons
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
	dropTimes(&want, dropped)
	for field, n := range dropped {
		if n != 0 {
			return nil, "loss of " + field + " beyond what was there"
		}
	}
	return &want, ""
}

// dropTimes drops the times that no document can state.
func dropTimes(want *sbom.Inventory, dropped map[string]int) {
	unstated := func(t time.Time) bool { return t.UTC().Year() < 0 || t.UTC().Year() > 9999 }
	if dropped["created"] > 0 && unstated(want.Created) {
		want.Created = time.Time{}
		dropped["created"]--
	}
	want.Layers = slices.Clone(want.Layers)
	for i := range want.Layers {
		if l := &want.Layers[i]; dropped["layers.created"] > 0 && unstated(l.Created) {
			l.Created = time.Time{}
			dropped["layers.created"]--
		}
	}
}

// Diff says in what two inventories differ, apart from order and from the
// pointers that readers add; nothing when they are equal.
func Diff(want, got *sbom.Inventory) string {
	return strings.Join(inventorytest.Diff(want, got), "\n")
}
