package strictjson

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// ExactCase refuses a name that encoding/json would take for one of known
// although it is spelled differently.
func ExactCase(name string, known ...string) error {
	for _, k := range known {
		if name != k && strings.EqualFold(name, k) {
			return caseError(name, k)
		}
	}
	return nil
}

func caseError(name, known string) error {
	return fmt.Errorf("member %.80q differs from %q in case", name, known)
}

// Decode checks data and decodes it into out, a pointer as for json.Unmarshal.
// Members that the type does not have are ignored, members that differ from the
// type's only in case are an error: encoding/json would take "Builder" for a field
// "builder", where other readers see an unknown member. Types that decode
// themselves answer for their own members.
func Decode(data []byte, out any) error {
	s := &scanner{data: data, shape: shapeOf(reflect.TypeOf(out), map[reflect.Type]*shape{})}
	if err := s.run(); err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

// shape is what the scanner knows of a type: the members of a struct by the names
// that encoding/json gives them, or the one shape of all elements of a map, slice or
// array. A nil shape is that of a type without members to check.
type shape struct {
	fields []field
	values *shape // of a map's values
	items  *shape // of a slice's or array's elements
}

type field struct {
	name  string
	shape *shape
}

var unmarshalerType = reflect.TypeFor[json.Unmarshaler]()

// shapeOf returns the shape of t. Types may contain themselves, so those that are
// known are looked up first.
func shapeOf(t reflect.Type, known map[reflect.Type]*shape) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s, ok := known[t]; ok {
		return s
	}
	if reflect.PointerTo(t).Implements(unmarshalerType) {
		return nil // reads itself
	}
	s := &shape{}
	known[t] = s
	switch t.Kind() {
	case reflect.Struct:
		s.addFields(t, known)
	case reflect.Map:
		s.values = shapeOf(t.Elem(), known)
	case reflect.Slice, reflect.Array:
		s.items = shapeOf(t.Elem(), known)
	case reflect.Interface: // decoded whole
		s.values, s.items = s, s
	}
	return s
}

func (s *shape) addFields(t reflect.Type, known map[reflect.Type]*shape) {
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		s.fields = append(s.fields, field{name, shapeOf(f.Type, known)})
	}
}

// has reports whether the shape is of a struct with the given member.
func (s *shape) has(name string) bool {
	return slices.ContainsFunc(s.fields, func(f field) bool { return f.name == name })
}

// member returns the shape of a member's value. It is an error if the name differs
// from that of a known member only in case.
func (s *shape) member(name []byte) (*shape, error) {
	if s == nil {
		return nil, nil
	}
	for _, f := range s.fields {
		if string(name) == f.name {
			return f.shape, nil
		}
	}
	for _, f := range s.fields {
		if strings.EqualFold(string(name), f.name) {
			return nil, caseError(string(name), f.name)
		}
	}
	return s.values, nil
}

// element returns the shape of an element of a list.
func (s *shape) element() *shape {
	if s == nil {
		return nil
	}
	return s.items
}
