package policy

import (
	"context"
	"fmt"
	"io/fs"
	"path"

	"github.com/imagetrust/imagetrust/sbom"
)

// NoUnknownExecutable asks that every executable of the image is known, and that those of
// packages are as they were packaged.
type NoUnknownExecutable struct {
	// Except are paths that are let pass, in the syntax of path.Match.
	Except []string
	// RequireVerified also refuses to decide on executables for which no digest is
	// recorded: those of packages that recorded none, such as native addons of npm
	// packages, and those that only their own content identifies, such as Go programs.
	RequireVerified bool
}

// Evaluate denies once for each unaccounted or modified executable. It is
// indeterminate without an inventory, for a malformed pattern in Except, and where
// the inventory has gaps in which executables may hide: data that is corrupt, encrypted,
// unsupported or over a limit.
func (r NoUnknownExecutable) Evaluate(_ context.Context, e *Evidence) Outcome {
	o := Outcome{Rule: "no-unknown-executable"}
	if e.Inventory == nil {
		o.add(Reason{Verdict: Indeterminate, Code: "missing-inventory", Message: "There is no inventory of the image."})
		return o.settle()
	}
	for _, p := range r.Except {
		if _, err := path.Match(p, ""); err != nil {
			o.add(Reason{Verdict: Indeterminate, Code: "bad-pattern", Message: fmt.Sprintf("The pattern %q is malformed.", p)})
		}
	}
	for i := range e.Inventory.Files {
		f := &e.Inventory.Files[i]
		if f.Executable() && !r.excepted(f.Path) {
			r.file(&o, e.Inventory, f)
		}
	}
	for _, g := range e.Inventory.Gaps {
		switch g.Kind {
		case sbom.GapCorrupt, sbom.GapEncrypted, sbom.GapLimit, sbom.GapUnsupported:
			o.add(Reason{Verdict: Indeterminate, Code: "gap", Component: g.Component, Path: g.Path, Layer: g.Layer,
				Message: fmt.Sprintf("%s was not understood: %s.", orImage(g.Path), g.Message)})
		}
	}
	return o.settle()
}

func orImage(p string) string {
	if p == "" {
		return "A part of the image"
	}
	return p
}

func (r NoUnknownExecutable) excepted(p string) bool {
	for _, pattern := range r.Except {
		if ok, err := path.Match(pattern, p); ok && err == nil {
			return true
		}
	}
	return false
}

func (r NoUnknownExecutable) file(o *Outcome, inv *sbom.Inventory, f *sbom.File) {
	reason := Reason{Verdict: Deny, Component: f.Owner, Path: f.Path, Layer: f.Layer}
	switch state := f.State(); {
	case state == sbom.StateUnaccounted:
		reason.Code = "unaccounted"
		reason.Message = fmt.Sprintf("%s%s belongs to nothing that is known.", privileged(f), f.Path)
	case state == sbom.StateModified:
		reason.Code = "modified"
		reason.Message = fmt.Sprintf("%s%s is not as %s packaged it%s.", privileged(f), f.Path, ownerName(inv, f.Owner), inLayer(f.Layer))
	case state == sbom.StateUnverified && r.RequireVerified:
		reason.Verdict, reason.Code = Indeterminate, "unverified"
		reason.Message = fmt.Sprintf("%s cannot be verified: %s recorded no digest.", f.Path, ownerName(inv, f.Owner))
	case state == sbom.StateIdentified && r.RequireVerified:
		reason.Verdict, reason.Code = Indeterminate, "unverified"
		reason.Message = fmt.Sprintf("%s cannot be verified: only its own content says that it is %s.", f.Path, ownerName(inv, f.Owner))
	default:
		return
	}
	o.add(reason)
}

// privileged begins a sentence about a file that gives its rights to whoever runs it.
func privileged(f *sbom.File) string {
	switch {
	case f.Mode&fs.ModeSetuid != 0:
		return "The setuid program "
	case f.Mode&fs.ModeSetgid != 0:
		return "The setgid program "
	case f.Capabilities != "":
		return fmt.Sprintf("The program with the capabilities %q ", f.Capabilities)
	}
	return ""
}

func ownerName(inv *sbom.Inventory, id string) string {
	if c := inv.Component(id); c != nil {
		return c.Name + " " + c.Version
	}
	return "its package"
}

func inLayer(l *sbom.LayerRef) string {
	if l == nil {
		return ""
	}
	return fmt.Sprintf("; layer %d wrote it", l.Index)
}
