package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Open reads and writes objects of which only some members are known: those are
// the fields of the struct T, and the others are kept beside it. It does not
// change and may be used by several goroutines.
type Open[T any] struct{ shape *shape }

// NewOpen returns the reader and writer for T, a struct that has no methods for
// JSON of its own.
func NewOpen[T any]() Open[T] {
	return Open[T]{shapeOf(reflect.TypeFor[T](), map[reflect.Type]*shape{})}
}

// Decode reads an object strictly, as the function Decode does, and returns
// copies of the members that T lacks, nil if there are none.
func (o Open[T]) Decode(data []byte) (known T, extra map[string]json.RawMessage, err error) {
	if !IsObject(data) {
		return known, nil, errors.New("not a JSON object")
	}
	empty := true // such as strangers write by the million
	s := &scanner{data: data, shape: o.shape, member: func(name string, value []byte) error {
		if o.shape.has(name) {
			empty = false
			return nil
		}
		if extra == nil {
			extra = map[string]json.RawMessage{}
		}
		extra[name] = slices.Clone(value)
		return nil
	}}
	if err = s.run(); err == nil && !empty {
		err = json.Unmarshal(data, &known)
	}
	return known, extra, err
}

// Encode writes the members of known and then those of extra in the order of
// their names. It is an error if extra repeats a member or is no JSON.
func (o Open[T]) Encode(known T, extra map[string]json.RawMessage) ([]byte, error) {
	object, err := Encode(known)
	if err != nil || len(extra) == 0 {
		return object, err
	}
	var out bytes.Buffer
	out.Write(bytes.TrimSuffix(object, []byte("}")))
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		member, err := Encode(map[string]json.RawMessage{name: extra[name]})
		if err != nil {
			return nil, err
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.WriteString(strings.TrimSuffix(string(member[1:]), "}"))
	}
	out.WriteByte('}')
	return out.Bytes(), Check(out.Bytes())
}

// Encode encodes compactly and leaves <, > and & as they are.
func Encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
