package attest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// exactCase refuses a name that encoding/json would take for one of known
// although it is spelled differently.
func exactCase(name string, known ...string) error {
	for _, k := range known {
		if name != k && strings.EqualFold(name, k) {
			return fmt.Errorf("member %.80q differs from %q in case", name, k)
		}
	}
	return nil
}

// checkMemberCase checks data against the members of T: encoding/json would take
// "Builder" for a field "builder", where other readers see an unknown member.
func checkMemberCase[T any](data []byte) error {
	return checkCase(data, reflect.TypeFor[T]())
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
	case t.Kind() == reflect.Struct && isObject(data):
		return checkStructCase(data, t)
	case t.Kind() == reflect.Map && isObject(data):
		return scanObject(data, func(_ string, value []byte) error { return checkCase(value, t.Elem()) })
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && startsWith(data, '['):
		return scanArray(data, func(value []byte) error { return checkCase(value, t.Elem()) })
	}
	return nil // a scalar, or a mismatch that the decoder reports
}

func checkStructCase(data []byte, t reflect.Type) error {
	fields := jsonFields(t)
	return scanObject(data, func(name string, value []byte) error {
		for _, f := range fields {
			if name == f.name {
				return checkCase(value, f.typ)
			}
		}
		i := slices.IndexFunc(fields, func(f jsonField) bool { return strings.EqualFold(name, f.name) })
		if i >= 0 {
			return fmt.Errorf("member %.80q differs from %q in case", name, fields[i].name)
		}
		return nil
	})
}

type jsonField struct {
	name string
	typ  reflect.Type
}

// jsonFields lists the fields of a struct as encoding/json names them.
func jsonFields(t reflect.Type) []jsonField {
	var fields []jsonField
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields = append(fields, jsonField{name, f.Type})
	}
	return fields
}
