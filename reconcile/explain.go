package reconcile

import (
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
)

// String returns the difference in one line: what it is about, who has it, who
// has not, and the cause with its code.
func (d *Difference) String() string {
	return fmt.Sprintf("%s: %s (%s, %s)", d.what(), d.Cause.Words(), d.Cause.Code(), d.Certainty)
}

// Explain returns one paragraph for people: the difference, the cause, and the
// proof with where each side of it is.
func (d *Difference) Explain() string {
	var b strings.Builder
	b.WriteString(d.what())
	b.WriteString(": " + d.Cause.Words())
	b.WriteString(", " + string(d.Certainty) + ": " + d.Proof.Check + ".")
	for _, s := range d.Proof.Sides {
		b.WriteString(" " + s.explain() + ".")
	}
	if f := d.Proof.File; f != nil {
		b.WriteString(" " + f.explain() + ".")
	}
	for _, a := range d.Proof.Absence {
		b.WriteString(" " + a.explain() + ".")
	}
	for _, e := range d.Proof.Edges {
		b.WriteString(" " + e.explain() + ".")
	}
	if c := d.Proof.Comparison; c != nil {
		b.WriteString(" " + c.explain() + ".")
	}
	if d.Proof.Because != "" {
		b.WriteString(" See " + d.Proof.Because + ".")
	}
	return b.String()
}

// what names the subject of the difference and who has it.
func (d *Difference) what() string {
	about := "the image"
	if d.Kind != KindSubject {
		about = refWords(&d.Component)
	}
	if len(d.Finding) > 0 {
		about = strings.Join(d.Finding, ", ") + " on " + about
	}
	who := " is in " + list(d.In)
	if d.Kind == KindSubject {
		who = " of " + list(d.In)
		return about + who + " is not that of " + list(d.NotIn)
	}
	if len(d.NotIn) > 0 {
		who += " and not in " + list(d.NotIn)
	}
	return about + who
}

func list(names []string) string {
	switch len(names) {
	case 0:
		return "none"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func (s *Side) explain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s says %s %s", s.Input, s.Field, quote(s.Words))
	if s.Location.Path != "" {
		b.WriteString(" at " + s.Location.Path)
		b.WriteString(inLayer(s.Location.Layer))
	}
	if s.Pointer != "" {
		b.WriteString(" (" + s.Pointer + ")")
	}
	if len(s.Rewrites) > 0 {
		b.WriteString(", rewritten by " + rules(s.Rewrites))
	}
	return b.String()
}

func rules(all []identity.Rewrite) string {
	var names []string
	for _, w := range all {
		names = append(names, string(w.Rule))
	}
	return strings.Join(names, ", ")
}

func (f *FileProof) explain() string {
	return fmt.Sprintf("%s has the file %s%s", f.Input, f.Path, inLayer(f.Layer))
}

// inLayer names a layer by its place and digest, as far as they are known:
// documents of others have digests without a place.
func inLayer(l *sbom.LayerRef) string {
	switch {
	case l == nil || l.Index < 0 && l.DiffID == "":
		return ""
	case l.Index < 0:
		return " in layer " + string(l.DiffID)
	case l.DiffID == "":
		return fmt.Sprintf(" in layer %d", l.Index)
	}
	return fmt.Sprintf(" in layer %d (%s)", l.Index, l.DiffID)
}

func (a *Absence) explain() string {
	text := fmt.Sprintf("%s has %d of type %s", a.Input, a.OfType, orNone(a.Type))
	if a.Path != "" {
		text += fmt.Sprintf(" and %d from %s", a.AtPath, a.Path)
	}
	return text
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (e *Edge) explain() string {
	if e.Kind == EdgeName {
		return fmt.Sprintf("%s is %s by name", e.From, e.To)
	}
	return fmt.Sprintf("%s states in %s that %s and %s are %s", e.Input, e.Finding, e.From, e.To, map[EdgeKind]string{EdgeAlias: "the same", EdgeRelated: "related"}[e.Kind])
}

func (c *Comparison) explain() string {
	how := "equal in rank to"
	switch {
	case c.Result < 0:
		how = "older than"
	case c.Result > 0:
		how = "newer than"
	}
	return fmt.Sprintf("By the rules of %s, %s is %s %s", c.Ecosystem, c.A, how, c.B)
}
