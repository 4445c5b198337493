// Package quality says what an inventory has of what documents about SBOMs ask for,
// component by component, and what is missing and why.
//
//	report := quality.Check(inv, quality.CISA2026())
//	for f := range report.Missing() { fmt.Println(f.Component, f.Element, f.Status, f.Reason) }
//
// # Unknown is not absent
//
// What is missing has one of two reasons, which look the same in a document and are
// not: the image does not know it ([Unknown]: who supplied a program of no package,
// the archive that a deb came in), or it could be known and was not carried over
// ([Absent]). An inventory cannot show what its maker failed to read, so the rule is
// this: a field is Absent when the format always states it, or when no component of
// the same ecosystem in the inventory has it; it is Unknown when the ecosystem cannot
// state it, when the inventory has a gap of kind incomplete about the component, or
// when others of the ecosystem have it and this one does not.
//
// # What counts
//
// Components are those that are there and can run: visible, and installed or bundled.
// There are no marks: a [Result] is a ratio for each element, and what they are worth
// together is for the reader.
//
// # References
//
// The names and sections of elements are those of the documents:
//
//   - [NTIA2021]: The Minimum Elements For a Software Bill of Materials, NTIA, 12 July
//     2021.
//   - [CISA2025]: 2025 Minimum Elements for a Software Bill of Materials, public
//     comment draft, CISA, 22 August 2025.
//   - [CISA2026]: its final edition, CISA, 29 July 2026.
//   - [BSI20], [BSI21]: Technical Guideline TR-03183-2, versions 2.0.0 and 2.1.0 (20
//     August 2025), BSI.
//
// They were not all at hand in full: names and sections follow published field
// references, and a section that could not be confirmed is empty. The documents also
// ask for practices, such as how often an SBOM is made, that no inventory shows.
package quality

import (
	"iter"

	"github.com/imagetrust/imagetrust/sbom"
)

// Status says whether an element is there.
type Status string

const (
	// Filled: the inventory has it.
	Filled Status = "filled"
	// Unknown: it is missing because the image does not know it.
	Unknown Status = "unknown"
	// Absent: it is missing, and nothing says that the image does not know it.
	Absent Status = "absent"
	// NotApplicable: the element asks nothing of this component, or it is up to the
	// document that the inventory becomes.
	NotApplicable Status = "not-applicable"
)

// Finding is one element of one component, or of the inventory as a whole.
type Finding struct {
	// Element and Section are as in Element.
	Element string `json:"element"`
	Section string `json:"section,omitempty"`
	// Component is its id; empty for the inventory as a whole.
	Component string `json:"component,omitempty"`
	Status    Status `json:"status"`
	// Value is what fills the element.
	Value string `json:"value,omitempty"`
	// Reason says in one sentence why it is not filled.
	Reason string `json:"reason,omitempty"`
}

// Result counts the findings of one element.
type Result struct {
	Element       Element `json:"element"`
	Filled        int     `json:"filled"`
	Unknown       int     `json:"unknown"`
	Absent        int     `json:"absent"`
	NotApplicable int     `json:"notApplicable"`
}

// Ratio is the part of those to whom the element applies that have it, from 0 to 1. It
// is 1 when it applies to none.
func (r Result) Ratio() float64 {
	all := r.Filled + r.Unknown + r.Absent
	if all == 0 {
		return 1
	}
	return float64(r.Filled) / float64(all)
}

// Report is what an inventory has of a profile.
type Report struct {
	// Profile is the profile's id.
	Profile string `json:"profile"`
	// Results has one entry for each element, in the profile's order.
	Results []Result `json:"results"`
	// Findings are those of the inventory as a whole, and then those of each component
	// in the inventory's order; of each in the profile's order.
	Findings []Finding `json:"findings"`
}

// Missing yields the findings that are Unknown or Absent.
func (r *Report) Missing() iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		for _, f := range r.Findings {
			if (f.Status == Unknown || f.Status == Absent) && !yield(f) {
				return
			}
		}
	}
}

// Of returns the findings of the component with the id; those of the inventory as a
// whole if it is empty.
func (r *Report) Of(component string) []Finding {
	var out []Finding
	for _, f := range r.Findings {
		if f.Component == component {
			out = append(out, f)
		}
	}
	return out
}

// Check compares inv with the profile. It changes neither, and takes time in proportion
// to components and elements. A nil inventory is an empty one. An element of a Field that
// is not known is not applicable.
func Check(inv *sbom.Inventory, p Profile) *Report {
	if inv == nil {
		inv = &sbom.Inventory{}
	}
	r := &Report{Profile: p.ID}
	c := newChecker(inv, p)
	for _, e := range p.Elements {
		r.Results = append(r.Results, Result{Element: e})
	}
	add := func(i int, f Finding) {
		f.Element, f.Section = p.Elements[i].Name, p.Elements[i].Section
		r.Results[i].count(f.Status)
		r.Findings = append(r.Findings, f)
	}
	for i, e := range p.Elements {
		if e.Field.document() {
			add(i, c.whole(e.Field))
		}
	}
	for _, comp := range c.components {
		for i, e := range p.Elements {
			if !e.Field.document() {
				add(i, c.component(comp, e.Field))
			}
		}
	}
	return r
}

func (r *Result) count(s Status) {
	switch s {
	case Filled:
		r.Filled++
	case Unknown:
		r.Unknown++
	case Absent:
		r.Absent++
	default:
		r.NotApplicable++
	}
}
