package cyclonedx

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"github.com/imagetrust/imagetrust/internal/document"
)

// xmlTokens gives the tokens of a document in the namespace of its root, and stops at a
// limit. There is no way to declare an entity: document type declarations are refused.
//
// encoding/xml looks at local names only and takes the last of several elements or
// attributes of one name. Elements of other namespaces, which the schema allows
// everywhere, are therefore left out here, and what may be there once and is there
// twice is refused: readers must not see different documents.
type xmlTokens struct {
	decoder  *xml.Decoder
	limits   document.Limits
	foreign  func(name string) // is told of an element of another namespace
	root     xml.Name
	open     []children
	elements int
	items    int
}

// children are the names of those elements of an element that may be there once; nil
// of one whose children may be repeated.
type children map[string]bool

func newXMLTokens(r io.Reader, limits document.Limits, foreign func(name string)) *xmlTokens {
	return &xmlTokens{decoder: xml.NewDecoder(r), limits: limits, foreign: foreign}
}

// Token implements xml.TokenReader.
func (x *xmlTokens) Token() (xml.Token, error) {
	for outside := 0; ; { // how deep in elements of another namespace
		t, err := x.decoder.Token()
		if err != nil {
			return t, err
		}
		if _, ok := t.(xml.Directive); ok {
			return nil, errors.New("document type declarations are not read")
		}
		start, isStart := t.(xml.StartElement)
		if isStart {
			if err := x.begin(&start, outside > 0); err != nil {
				return nil, err
			}
			if outside > 0 || start.Name.Space != x.root.Space {
				if outside++; outside == 1 {
					x.foreign(start.Name.Local)
				}
			}
		}
		if outside == 0 {
			if _, ok := t.(xml.EndElement); ok {
				x.open = x.open[:len(x.open)-1]
			}
			return t, nil
		}
		if _, ok := t.(xml.EndElement); ok {
			outside--
			x.open = x.open[:len(x.open)-1]
		}
	}
}

// begin looks at an element before anything is made of it.
func (x *xmlTokens) begin(t *xml.StartElement, outside bool) error {
	if x.root.Local == "" {
		x.root = t.Name
	}
	own := t.Name.Space == x.root.Space && !outside
	if own {
		if err := x.once(t); err != nil {
			return err
		}
	}
	x.open = append(x.open, nil)
	if own && single[t.Name.Local] {
		x.open[len(x.open)-1] = make(children)
	}
	return x.count(t.Name.Local)
}

// single are the elements whose children have different names, but for repeatable ones.
var (
	single     = map[string]bool{"metadata": true, "component": true, "license": true, "externalReference": true, "occurrence": true}
	repeatable = map[string]bool{"omniborId": true, "swhid": true}
)

// once refuses an element or an attribute that is there twice.
func (x *xmlTokens) once(t *xml.StartElement) error {
	if n := len(x.open); n > 0 && x.open[n-1] != nil && !repeatable[t.Name.Local] {
		if x.open[n-1][t.Name.Local] {
			return fmt.Errorf("%.40q is there twice", t.Name.Local)
		}
		x.open[n-1][t.Name.Local] = true
	}
	if len(t.Attr) < 2 {
		return nil
	}
	seen := make(map[xml.Name]bool, len(t.Attr))
	for _, a := range t.Attr {
		if seen[a.Name] {
			return fmt.Errorf("the attribute %.40q is there twice", a.Name.Local)
		}
		seen[a.Name] = true
	}
	return nil
}

// count counts an element.
func (x *xmlTokens) count(name string) error {
	x.elements++
	switch name {
	case "component", "vulnerability", "service":
		x.items++
	}
	size := int(x.decoder.InputOffset())
	switch {
	case len(x.open) > x.limits.Depth:
		return fmt.Errorf("nested deeper than %d: %w", x.limits.Depth, ErrLimit)
	case x.items > x.limits.Items:
		return fmt.Errorf("more than %d components: %w", x.limits.Items, ErrLimit)
	case document.Dense(x.elements, size):
		return fmt.Errorf("%d elements in %d bytes: %w", x.elements, size, ErrLimit)
	}
	return nil
}
