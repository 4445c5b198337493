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
	if err := Check(data); err != nil {
		return err
	}
	if err := checkCase(data, reflect.TypeOf(out)); err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

var unmarshalerType = reflect.TypeFor[json.Unmarshaler]()

func checkCase(data []byte, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(unmarshalerType) {
		return nil // reads itself
	}
	switch {
	case t.Kind() == reflect.Struct && IsObject(data):
		return checkMembers(data, fieldsOf(t), func(string, []byte) {})
	case t.Kind() == reflect.Map && IsObject(data):
		return Object(data, func(_ string, value []byte) error { return checkCase(value, t.Elem()) })
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && startsWith(data, '['):
		return Array(data, func(value []byte) error { return checkCase(value, t.Elem()) })
	}
	return nil // a scalar, or a mismatch that the decoder reports
}

// checkMembers checks the members of an object against fields, and calls unknown
// for those that are none of them.
func checkMembers(data []byte, fields []field, unknown func(name string, value []byte)) error {
	return Object(data, func(name string, value []byte) error {
		if i := slices.IndexFunc(fields, func(f field) bool { return name == f.name }); i >= 0 {
			return checkCase(value, fields[i].typ)
		}
		if i := slices.IndexFunc(fields, func(f field) bool { return strings.EqualFold(name, f.name) }); i >= 0 {
			return caseError(name, fields[i].name)
		}
		unknown(name, value)
		return nil
	})
}

// field is a field of a struct as encoding/json names it.
type field struct {
	name string
	typ  reflect.Type
}

func fieldsOf(t reflect.Type) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields = append(fields, field{name, f.Type})
	}
	return fields
}
