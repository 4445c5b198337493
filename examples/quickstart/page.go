package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/policy"
	"github.com/imagetrust/imagetrust/rbom"
	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

//go:embed page.html
var pageText string

// view is what the page shows. The page has no script, and html/template escapes
// whatever an image or a document made up.
type view struct {
	Title          string
	Decision       *policy.Decision
	Inventory      *sbom.Inventory
	Reports        []*scan.Report
	Reconciliation *reconcile.Reconciliation
	RBOM           *rbom.RBOM
	Rejected       []string

	Facts    []fact
	Reasons  [][]policy.Reason
	Layers   []layerView
	Bars     []bar
	Suspects []suspect
	Groups   []componentGroup
	Causes   []causeGroup
	Findings []findingView
	Signed   []signedView
}

type fact struct{ Name, Value string }

type layerView struct {
	sbom.Layer
	Size                         string
	Introduced, Changed, Removed int
}

// bar is a part of the accounting's picture, in per cent of its width.
type bar struct {
	State     sbom.State
	Words     string
	Files     int
	Bytes     string
	X, W      float64
	ByX, ByW  float64
	Component string
}

type suspect struct {
	File  sbom.File
	Words string
}

type componentGroup struct {
	Kind       string
	Components []*sbom.Component
}

type causeGroup struct {
	Cause       reconcile.Cause
	Kind        reconcile.Kind
	Differences []reconcile.Difference
}

type findingView struct {
	*scan.Finding
	By      string
	Runtime string
}

type signedView struct {
	Type, By, File string
	Unchecked      []string
}

func (t *trust) page() ([]byte, error) {
	tmpl, err := template.New("page").Funcs(template.FuncMap{
		"join": strings.Join, "short": short, "words": causeWords, "where": where, "licences": licences,
	}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	err = tmpl.Execute(&buf, t.view())
	return buf.Bytes(), err
}

func (t *trust) view() *view {
	inv := t.inventory
	v := &view{Title: title(inv.Subject), Decision: t.decision, Inventory: inv, Reports: t.reports, Reconciliation: t.reconciliation, RBOM: t.rbom, Rejected: t.rejected,
		Reasons: groups(t.decision.Reasons), Layers: t.layers(), Bars: bars(inv),
		Groups: componentGroups(inv), Causes: t.causes(), Findings: t.findings(), Signed: t.signed()}
	v.Facts = []fact{{"Image", inv.Subject.Name}, {"Manifest", string(inv.Subject.Digest)}, {"Contents", line(inv)}, {"Components", componentsLine(inv)},
		{"Scan", t.scanLine()}, {"Comparison", t.compareLine()}, {"Runtime", t.runtimeLine()}}
	for i := range inv.Files {
		f := &inv.Files[i]
		if s := f.State(); f.Executable() && (s == sbom.StateModified || s == sbom.StateUnaccounted) {
			v.Suspects = append(v.Suspects, suspect{*f, fileWords(inv, f)})
		}
	}
	return v
}

func (t *trust) layers() []layerView {
	views := make([]layerView, len(t.inventory.Layers))
	for i, l := range t.inventory.Layers {
		views[i] = layerView{Layer: l, Size: size(l.Size)}
	}
	count := func(ref *sbom.LayerRef, n func(*layerView) *int) {
		if ref != nil && ref.Index < len(views) {
			*n(&views[ref.Index])++
		}
	}
	for _, c := range t.inventory.Components {
		count(c.Attribution.Introduced, func(l *layerView) *int { return &l.Introduced })
		count(c.Attribution.Modified, func(l *layerView) *int { return &l.Changed })
		count(c.Attribution.Removed, func(l *layerView) *int { return &l.Removed })
	}
	return views
}

// bars lays the accounting's states side by side, once by files and once by bytes.
func bars(inv *sbom.Inventory) (out []bar) {
	acc := inv.Accounting()
	var files, bytes float64
	for _, n := range acc {
		files += float64(n.Files)
		bytes += float64(n.Bytes)
	}
	var x, byX float64
	for _, s := range sbom.States() {
		n := acc[s]
		b := bar{State: s, Words: stateWords[s], Files: n.Files, Bytes: size(n.Bytes), X: x, ByX: byX}
		if files > 0 {
			b.W = 100 * float64(n.Files) / files
		}
		if bytes > 0 {
			b.ByW = 100 * float64(n.Bytes) / bytes
		}
		x, byX = x+b.W, byX+b.ByW
		out = append(out, b)
	}
	return out
}

func componentGroups(inv *sbom.Inventory) (out []componentGroup) {
	index := map[string]int{}
	for i := range inv.Components {
		c := &inv.Components[i]
		kind := kindOf(c)
		at, ok := index[kind]
		if !ok {
			at = len(out)
			index[kind] = at
			out = append(out, componentGroup{Kind: kind})
		}
		out[at].Components = append(out[at].Components, c)
	}
	return out
}

func (t *trust) causes() (out []causeGroup) {
	for _, d := range t.reconciliation.Differences {
		i := slices.IndexFunc(out, func(g causeGroup) bool { return g.Cause == d.Cause && g.Kind == d.Kind })
		if i < 0 {
			i = len(out)
			out = append(out, causeGroup{Cause: d.Cause, Kind: d.Kind})
		}
		out[i].Differences = append(out[i].Differences, d)
	}
	return out
}

// findings are those of all reports, one row for each component and vulnerability.
func (t *trust) findings() (out []findingView) {
	seen := map[string]int{}
	for _, r := range t.reports {
		for i := range r.Findings {
			f := &r.Findings[i]
			known := -1
			for _, id := range f.IDs() {
				if at, ok := seen[id+" "+f.Component.Name]; ok {
					known = at
				}
			}
			if known >= 0 {
				if by := out[known].By; !strings.Contains(by, r.Tool.Name) {
					out[known].By = by + ", " + r.Tool.Name
				}
				continue
			}
			view := findingView{Finding: f, By: r.Tool.Name}
			if t.rbom != nil && f.Component.ID != "" {
				view.Runtime = t.rbom.Level(f.Component.ID).String()
			}
			for _, id := range f.IDs() {
				seen[id+" "+f.Component.Name] = len(out)
			}
			out = append(out, view)
		}
	}
	slices.SortStableFunc(out, func(a, b findingView) int { return int(b.Severity) - int(a.Severity) })
	return out
}

func (t *trust) signed() (out []signedView) {
	for _, a := range t.attestations {
		out = append(out, signedView{Type: a.PredicateType(), By: a.Signer().Name, File: t.files[a.EnvelopeDigest()], Unchecked: a.Unchecked()})
	}
	return out
}

// short cuts a digest for people.
func short(d sbom.Digest) string {
	if len(d) > 19 {
		return string(d[:19]) + "…"
	}
	return string(d)
}

func where(a sbom.Attribution) string {
	var parts []string
	for _, p := range []struct {
		word string
		ref  *sbom.LayerRef
	}{{"", a.Introduced}, {"changed in ", a.Modified}, {"removed in ", a.Removed}} {
		if p.ref != nil {
			parts = append(parts, fmt.Sprintf("%slayer %d", p.word, p.ref.Index))
		}
	}
	return strings.Join(parts, ", ")
}

func licences(c *sbom.Component) string {
	var names []string
	for _, l := range c.Licenses {
		n := l.Expression
		if n == "" {
			n = l.Name
		}
		if n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", ")
}

func causeWords(c reconcile.Cause) string { return strings.ReplaceAll(string(c), "-", " ") }
