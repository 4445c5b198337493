package cyclonedx

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// shape is what is read of a JSON value.
type shape struct {
	members map[string]member // of an object; nil if all of them are read, or none
	list    *shape            // of the elements of a list; nil if nothing is known of them
}

type member struct {
	name string
	*shape
}

// known are the shapes of what is read element by element.
var known = sync.OnceValue(func() (roots struct{ component, metadata, dependency *shape }) {
	s := make(shapes)
	roots.component, roots.metadata = s.of(reflect.TypeFor[cdx.Component]()), s.of(reflect.TypeFor[cdx.Metadata]())
	roots.dependency = s.of(reflect.TypeFor[cdx.Dependency]())
	return roots
})

// shapes are those of the types that are read.
type shapes map[reflect.Type]*shape

// choices are the types of which one of several is read, in place of those that
// say so in code.
var choices = map[reflect.Type][]reflect.Type{
	reflect.TypeFor[cdx.EnvironmentVariableChoice](): {reflect.TypeFor[cdx.Property]()},
	reflect.TypeFor[cdx.EvidenceIdentityChoice]():    {reflect.TypeFor[cdx.EvidenceIdentity](), reflect.TypeFor[[]cdx.EvidenceIdentity]()},
	reflect.TypeFor[cdx.PatentChoice]():              {reflect.TypeFor[cdx.Patent](), reflect.TypeFor[cdx.PatentFamily]()},
	reflect.TypeFor[cdx.MLDatasetChoice]():           {reflect.TypeFor[cdx.ComponentData](), reflect.TypeFor[onlyRef]()},
	reflect.TypeFor[cdx.ToolsChoice]():               {reflect.TypeOf(cdx.ToolsChoice{}.Tools).Elem(), reflect.TypeFor[toolObject]()},
	reflect.TypeFor[cdx.CertificateState](): {
		reflect.TypeFor[cdx.PredefinedCertificateState](), reflect.TypeFor[cdx.CustomCertificateState]()},
	reflect.TypeFor[cdx.CertificateExtension](): {
		reflect.TypeFor[cdx.CommonCertificateExtension](), reflect.TypeFor[cdx.CustomCertificateExtension]()},
	reflect.TypeFor[cdx.AsserterChoice](): {reflect.TypeFor[asserter]()},
}

type (
	onlyRef struct {
		Ref string `json:"ref"`
	}
	toolObject struct {
		Components []cdx.Component `json:"components"`
		Services   []cdx.Service   `json:"services"`
	}
	asserter struct {
		Organization cdx.OrganizationalEntity  `json:"organization"`
		Individual   cdx.OrganizationalContact `json:"individual"`
		Ref          string                    `json:"ref"`
	}
)

// of returns the shape of a type.
func (s shapes) of(t reflect.Type) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if known, ok := s[t]; ok {
		return known
	}
	out := new(shape)
	s[t] = out // before its fields: components have components
	switch several := choices[t]; {
	case several != nil:
		for _, one := range several {
			if one.Kind() == reflect.Slice {
				out.list = s.of(one.Elem())
			} else {
				s.fields(out, one)
			}
		}
	case t.Kind() == reflect.Slice:
		out.list = s.of(t.Elem())
	case t.Kind() == reflect.Struct:
		s.fields(out, t)
	}
	return out
}

func (s shapes) fields(out *shape, t reflect.Type) {
	if out.members == nil {
		out.members = make(map[string]member)
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous && name == "":
			for f.Type.Kind() == reflect.Pointer {
				f.Type = f.Type.Elem()
			}
			s.fields(out, f.Type)
		case name == "":
			out.members[f.Name] = member{f.Name, s.of(f.Type)}
		default:
			out.members[name] = member{name, s.of(f.Type)}
		}
	}
}

// member returns the shape of a member, and its name in the specification; ok is false if
// it is not read. raw is the name in quotation marks. As by encoding/json, names in
// another case are the same.
func (s *shape) member(raw []byte) (name string, of *shape, ok bool) {
	if m, ok := s.members[string(raw[1:len(raw)-1])]; ok {
		return m.name, m.shape, true
	}
	_ = json.Unmarshal(raw, &name) // It is valid.
	for _, m := range s.members {
		if strings.EqualFold(m.name, name) {
			return m.name, m.shape, true
		}
	}
	return name, nil, false
}

// unread looks for what is said in a JSON text and not read.
type unread struct {
	text []byte // valid
	at   int
	path []string
	lost func(path string)
}

// find calls lost with the path of each member that is not read, and that says
// something: null does not. The path begins with root, also in nested components. text is valid JSON.
func (s *shape) find(text []byte, root string, lost func(path string)) {
	(&unread{text: text, path: []string{root}, lost: lost}).value(s)
}

// value goes behind the next value, which is nested no deeper than the document may be.
func (u *unread) value(s *shape) {
	switch u.space(); u.text[u.at] {
	case '{':
		u.object(s)
	case '[':
		u.at++
		for u.space(); u.text[u.at] != ']'; u.space() {
			if u.text[u.at] == ',' {
				u.at++
			}
			var of *shape
			if s != nil {
				of = s.list
			}
			u.value(of)
		}
		u.at++
	case '"':
		u.str()
	default: // a number or a word
		for u.at < len(u.text) && strings.IndexByte(",]} \t\r\n", u.text[u.at]) < 0 {
			u.at++
		}
	}
}

func (u *unread) object(s *shape) {
	u.at++
	for u.space(); u.text[u.at] != '}'; u.space() {
		if u.text[u.at] == ',' {
			u.at++
			u.space()
		}
		raw := u.str()
		u.space()
		u.at++ // the colon
		u.space()
		if s == nil || s.members == nil {
			u.value(nil)
		} else {
			u.member(s, raw)
		}
	}
	u.at++
}

// member goes behind the value of a member.
func (u *unread) member(s *shape, raw []byte) {
	name, of, ok := s.member(raw)
	if !ok && u.text[u.at] != 'n' {
		u.lost(strings.Join(append(u.path, clip(name)), "."))
	}
	if of == nil || len(u.path) == 1 && u.path[0] == name { // Nested components are components.
		u.value(of)
		return
	}
	u.path = append(u.path, name)
	u.value(of)
	u.path = u.path[:len(u.path)-1]
}

// str goes behind a string, and returns it with its quotation marks.
func (u *unread) str() []byte {
	start := u.at
	for u.at++; u.text[u.at] != '"'; u.at++ {
		if u.text[u.at] == '\\' {
			u.at++
		}
	}
	u.at++
	return u.text[start:u.at]
}

func (u *unread) space() {
	for u.at < len(u.text) && strings.IndexByte(" \t\r\n", u.text[u.at]) >= 0 {
		u.at++
	}
}

// maxName is how much of a name that nobody knows is told, in bytes.
const maxName = 64

func clip(name string) string {
	if len(name) > maxName {
		name = name[:maxName]
	}
	return strings.ToValidUTF8(name, "\ufffd")
}
