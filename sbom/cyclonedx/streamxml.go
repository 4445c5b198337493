package cyclonedx

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document"
)

// xmlStream reads the elements inside the root as they come.
type xmlStream struct {
	*mapper
	tokens *xmlTokens
	dec    *xml.Decoder
	seen   map[string]bool
}

func streamXML(r io.Reader, lines int, limits document.Limits, m *mapper) error {
	s := &xmlStream{mapper: m, seen: make(map[string]bool)}
	s.tokens = newXMLTokens(limits.Reader(r, formatXML), limits, func(name string) { m.lostPart(name+" of another namespace", 1) })
	s.dec = xml.NewTokenDecoder(s.tokens)
	err := s.document()
	for err == nil { // nothing may follow the document
		_, err = s.dec.Token()
	}
	if err == io.EOF && s.seen["bom"] {
		return nil
	}
	err = xmlError(s.tokens, err)
	var de *DecodeError
	if errors.As(err, &de) && de.Line > 0 {
		de.Line += lines
	}
	return err
}

// document reads the root element.
func (s *xmlStream) document() error {
	for {
		t, err := s.dec.Token()
		if err != nil {
			return err
		}
		root, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if root.Name.Local != "bom" {
			return fmt.Errorf("the root element is %.40q", root.Name.Local)
		}
		if _, err := checkNamespace(root.Name.Space); err != nil {
			return err
		}
		s.seen["bom"] = true
		for _, a := range root.Attr {
			if a.Name.Local == "serialNumber" || a.Name.Local == "version" {
				s.itself = append(s.itself, a.Name.Local)
			}
		}
		return s.children(s.part)
	}
}

// children calls f for every child of the element just begun, and reads its end.
func (s *xmlStream) children(f func(xml.StartElement) error) error {
	for {
		t, err := s.dec.Token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := f(t); err != nil {
				return err
			}
		}
	}
}

// part reads one child of the root element.
func (s *xmlStream) part(start xml.StartElement) error {
	name := start.Name.Local
	if s.seen[name] {
		return fmt.Errorf("%.40q is there twice", name)
	}
	s.seen[name] = true
	i := -1
	switch name {
	case "metadata":
		var md cdx.Metadata
		if err := s.dec.DecodeElement(&md, &start); err != nil {
			return err
		}
		s.mapper.metadata(&md)
		return nil
	case "components":
		return s.children(func(start xml.StartElement) error {
			i++
			return element(s, start, "component", func(c *cdx.Component) { s.element(c, "/components/"+strconv.Itoa(i), -1) })
		})
	case "services":
		return s.children(func(start xml.StartElement) error {
			return element(s, start, "service", func(v *service) { s.service(v) })
		})
	case "dependencies":
		return s.children(func(start xml.StartElement) error {
			return element(s, start, "dependency", func(d *cdx.Dependency) { s.depend(d) })
		})
	}
	return s.unknown(name)
}

// element reads an element of a list, and counts one of another name as lost.
func element[T any](s *xmlStream, start xml.StartElement, name string, f func(*T)) error {
	if start.Name.Local != name {
		s.lostPart(start.Name.Local, 1)
		return s.dec.Skip()
	}
	var v T
	if err := s.dec.DecodeElement(&v, &start); err != nil {
		return err
	}
	f(&v)
	return nil
}

// lists are the children of the root element whose children are counted.
var lists = map[string]bool{
	"externalReferences": true, "compositions": true, "properties": true, "vulnerabilities": true, "annotations": true, "formulation": true, "citations": true,
}

func (s *xmlStream) unknown(name string) error {
	n := 0
	err := s.children(func(xml.StartElement) error {
		n++
		return s.dec.Skip()
	})
	if !lists[name] {
		n = 1
	}
	s.lostPart(name, n)
	return err
}
