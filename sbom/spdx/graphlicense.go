package spdx

import (
	"reflect"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/internal/spdxexpr"
)

var elementType = reflect.TypeFor[element]()

// maxExpression is how long an expression may become that is made of the parts of an
// expanded one, in bytes. Parts can share parts, so that a short document can mean a
// text of any length.
const maxExpression = 64 << 10

// expression returns the licence expression of an element, simple or expanded; the
// empty string when it has none.
func (r *graphReader) expression(id ref) string {
	text, ok := r.expand(id, make(map[ref]bool), new(int))
	if !ok {
		return ""
	}
	return text
}

func (r *graphReader) expand(id ref, open map[ref]bool, size *int) (string, bool) {
	e := r.elements[string(id)]
	switch {
	case open[id] || *size > maxExpression:
		return "", false
	case e == nil:
		text := individual(string(id))
		*size += len(text)
		return text, text != ""
	}
	open[id] = true
	defer delete(open, id)
	text, ok := r.expandElement(e, open, size)
	*size += len(text)
	return text, ok && text != "" && *size <= maxExpression
}

func (r *graphReader) expandElement(e *element, open map[ref]bool, size *int) (string, bool) {
	switch e.Type {
	case "simplelicensing_LicenseExpression":
		for _, c := range e.CustomIDs {
			if text := r.elements[c.Value]; text != nil {
				r.define(c.Key, text)
			}
		}
		return e.Expression, true
	case "simplelicensing_SimpleLicensingText", "expandedlicensing_CustomLicense", "expandedlicensing_CustomLicenseAddition":
		return r.define(licenseRef(e.id()), e), true
	case "expandedlicensing_ConjunctiveLicenseSet":
		return r.members(e, " AND ", open, size)
	case "expandedlicensing_DisjunctiveLicenseSet":
		return r.members(e, " OR ", open, size)
	case "expandedlicensing_OrLaterOperator":
		text, ok := r.expand(e.SubjectLic, open, size)
		return text + "+", ok
	case "expandedlicensing_WithAdditionOperator":
		text, ok := r.expand(e.Extendable, open, size)
		addition, ok2 := r.expand(e.Addition, open, size)
		return text + " WITH " + addition, ok && ok2
	}
	text := individual(e.id())
	if text == "" && (document.IsLicenseID(e.Name) || spdxexpr.Valid("MIT WITH "+e.Name)) {
		text = e.Name
	}
	return text, text != ""
}

func (r *graphReader) members(e *element, operator string, open map[ref]bool, size *int) (string, bool) {
	var parts []string
	for _, m := range e.Member {
		text, ok := r.expand(m, open, size)
		if !ok {
			return "", false
		}
		if strings.Contains(text, " ") {
			text = "(" + text + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, operator), len(parts) > 0
}

// define makes an extracted licence of an element, and returns its identifier.
func (r *graphReader) define(id string, e *element) string {
	r.used[e.id()] = true
	if !r.defined[id] {
		r.defined[id] = true
		r.doc.Licenses = append(r.doc.Licenses, extracted{
			ID: id, Text: e.LicenseText, Name: e.Name, Comment: e.Comment, SeeAlso: e.SeeAlso.strings(refText),
		})
	}
	return id
}

// individual reads what needs no element: licences of the list by their address, and
// the two that say nothing and none.
func individual(iri string) string {
	last := iri[strings.LastIndexAny(iri, "/#_")+1:]
	switch {
	case last == "NoAssertionLicense":
		return noAssertion
	case last == "NoneLicense":
		return none
	case strings.Contains(iri, "spdx.org/licenses/") && spdxexpr.Valid(last):
		return last
	case strings.Contains(iri, "spdx.org/licenses/") && spdxexpr.Valid("MIT WITH "+last):
		return last
	}
	return ""
}

// licenseRef makes a reference of an element's identifier.
func licenseRef(iri string) string {
	last := iri[strings.LastIndexAny(iri, "/#:")+1:]
	return "LicenseRef-" + strings.TrimPrefix(local(reference(last)), "LicenseRef-")
}
