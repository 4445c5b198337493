package score

import (
	"io/fs"
	"strings"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
	"github.com/imagetrust/imagetrust/sbom"
)

// Inventory is what our own inventory says.
func Inventory(inv *sbom.Inventory) *Report {
	r := &Report{Integrity: true, Programs: make(map[string]bool), Apart: make(map[string]bool), Missing: make(map[string]int), Ghosts: make(map[string]bool)}
	byID := make(map[string]*sbom.Component, len(inv.Components))
	for i := range inv.Components {
		c := &inv.Components[i]
		byID[c.ID] = c
		if c.Attribution.Visible {
			r.component(c)
		}
	}
	for _, g := range inv.Gaps {
		if c := byID[g.Component]; c != nil && g.Kind == sbom.GapGhost {
			r.Ghosts[c.Name] = true
		} else {
			r.Apart[g.Path] = true
		}
	}
	for i := range inv.Files {
		r.file(&inv.Files[i], byID)
	}
	return r
}

func (r *Report) component(c *sbom.Component) {
	if c.Scope != sbom.ScopeInstalled || c.PURL == "" {
		for _, e := range c.Evidence {
			r.Apart[e.Location.Path] = true
		}
		return
	}
	p, ok := fromPURL(c.PURL)
	if !ok {
		return
	}
	if p.Ecosystem == truth.Go && c.Type == sbom.TypeApplication {
		r.Programs[p.Name] = true
		return
	}
	if p.Ecosystem == truth.Debian {
		if c.Files.Missing > 0 {
			r.Missing[p.Name] = c.Files.Missing
		}
	} else {
		p.Path = outermost(c.Location().Path)
	}
	if a := c.Attribution; a.Introduced != nil {
		p.Introduced, p.Layer = a.Introduced.Index, a.Introduced.Index
		if a.Modified != nil {
			p.Layer = a.Modified.Index
		}
	}
	r.Installed = append(r.Installed, p)
}

func (r *Report) file(f *sbom.File, byID map[string]*sbom.Component) {
	change := truth.Change{Path: f.Path}
	if owner := byID[f.Owner]; owner != nil {
		change.Package = owner.Name
	}
	if f.Layer != nil {
		change.Layer = f.Layer.Index
	}
	switch {
	case f.Integrity == sbom.Modified:
		change.Kind = truth.Modified
	case f.Integrity == sbom.Missing:
		change.Kind = truth.Missing
	case f.Mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 && !isRecorded(f, byID):
		change.Kind = truth.Unowned
	default:
		return
	}
	r.Changes = append(r.Changes, change)
}

// isRecorded reports whether a Debian package records the file.
func isRecorded(f *sbom.File, byID map[string]*sbom.Component) bool {
	owner := byID[f.Owner]
	return owner != nil && f.Claim == sbom.ClaimRecorded && strings.HasPrefix(owner.PURL, "pkg:deb/")
}
