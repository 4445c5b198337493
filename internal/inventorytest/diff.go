package inventorytest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
)

// pointer is document.Pointer; the tests of that package import this one.
const pointer = "imagetrust:pointer"

// Diff returns in what two inventories differ, one line a field, nil when they
// are equal. It changes neither.
//
// The order of what has an order of its own ([sbom.Inventory.Sort]) makes no
// difference, nor whether an empty list is nil, nor the property in which readers
// of documents say where in the document a component stands.
func Diff(a, b *sbom.Inventory) []string {
	a, b = canonical(a), canonical(b)
	if reflect.DeepEqual(a, b) {
		return nil // much faster, which matters to fuzz targets
	}
	var d differ
	d.compare("", reflect.ValueOf(*a), reflect.ValueOf(*b))
	return d
}

// canonical returns a sorted copy without pointers into documents.
func canonical(inv *sbom.Inventory) *sbom.Inventory {
	out := *inv
	out.Components = slices.Clone(inv.Components)
	for i := range out.Components {
		c := &out.Components[i]
		c.CPEs, c.Hashes, c.Evidence = slices.Clone(c.CPEs), slices.Clone(c.Hashes), slices.Clone(c.Evidence)
		c.References = slices.Clone(c.References)
		c.Properties = slices.DeleteFunc(slices.Clone(c.Properties), func(p sbom.Property) bool { return p.Name == pointer })
	}
	out.Layers, out.Relationships, out.Files = slices.Clone(inv.Layers), slices.Clone(inv.Relationships), slices.Clone(inv.Files)
	out.Gaps, out.Tools = slices.Clone(inv.Gaps), slices.Clone(inv.Tools)
	out.Sort()
	return &out
}

// differ is a list of differences.
type differ []string

func (d *differ) add(path string, a, b any) {
	*d = append(*d, fmt.Sprintf("%s: %#v, and %#v", strings.TrimPrefix(path, "."), a, b))
}

func (d *differ) compare(path string, a, b reflect.Value) {
	switch a.Kind() {
	case reflect.Struct:
		if t, ok := a.Interface().(time.Time); ok {
			if u := b.Interface().(time.Time); !t.Equal(u) {
				d.add(path, t.String(), u.String())
			}
			return
		}
		for i := range a.NumField() {
			d.compare(path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			if a.IsNil() != b.IsNil() {
				d.add(path, element(a), element(b))
			}
			return
		}
		d.compare(path, a.Elem(), b.Elem())
	case reflect.Slice:
		for i := range max(a.Len(), b.Len()) {
			at := fmt.Sprintf("%s[%d]", path, i)
			switch {
			case i >= a.Len():
				d.add(at, nil, b.Index(i).Interface())
			case i >= b.Len():
				d.add(at, a.Index(i).Interface(), nil)
			default:
				d.compare(at, a.Index(i), b.Index(i))
			}
		}
	case reflect.Float64:
		if x, y := a.Float(), b.Float(); x != y && (x == x || y == y) { // not a number is itself here
			d.add(path, x, y)
		}
	default:
		if !a.Equal(b) {
			d.add(path, a.Interface(), b.Interface())
		}
	}
}

// element returns what a pointer points to, nil for a nil pointer.
func element(v reflect.Value) any {
	if v.IsNil() {
		return nil
	}
	return v.Elem().Interface()
}
