package inventorytest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
)

// walk calls visit with every value inside v, and a name of its place without
// indexes.
func walk(place string, v reflect.Value, visit func(place string, v reflect.Value)) {
	visit(place, v)
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			walk(v.Type().Name()+"."+v.Type().Field(i).Name, v.Field(i), visit)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			walk(place, v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(place+"[]", v.Index(i), visit)
		}
	}
}

// fields lists the places of all fields of the model.
func fields(typ reflect.Type, to map[string]bool) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice:
		fields(typ.Elem(), to)
	case reflect.Struct:
		if typ.PkgPath() != reflect.TypeFor[sbom.Inventory]().PkgPath() {
			return
		}
		for i := range typ.NumField() {
			to[typ.Name()+"."+typ.Field(i).Name] = true
			fields(typ.Field(i).Type, to)
		}
	}
}

// TestEveryField: over some seeds, every field of every struct of the model has a
// value, every pointer is nil too, and every list is nil, empty and long.
func TestEveryField(t *testing.T) {
	lacking := make(map[string]bool)
	fields(reflect.TypeFor[sbom.Inventory](), lacking)
	if len(lacking) < 80 {
		t.Fatalf("only %d fields", len(lacking))
	}
	lists := map[string]bool{}
	for seed := range uint64(300) {
		walk("", reflect.ValueOf(*Generate(seed)), func(place string, v reflect.Value) {
			if !v.IsZero() {
				delete(lacking, place)
			}
			if v.Kind() == reflect.Slice {
				switch {
				case v.IsNil():
					lists[place+" nil"] = true
				case v.Len() == 0:
					lists[place+" empty"] = true
				case v.Len() > 1:
					lists[place+" long"] = true
				}
			}
		})
	}
	for field := range lacking {
		t.Errorf("%s is always zero", field)
	}
	for _, place := range []string{"Component.Licenses", "Component.CPEs", "Component.Hashes", "Component.References", "Component.Evidence", "Component.Properties", "File.Digests", "Reference.Hashes"} {
		for _, form := range []string{" nil", " empty", " long"} {
			if !lists[place+form] {
				t.Errorf("%s is never%s", place, form)
			}
		}
	}
}

// TestEveryValue: every constant of every enumeration of the model occurs.
func TestEveryValue(t *testing.T) {
	seen := make(map[string]bool)
	for seed := range uint64(300) {
		walk("", reflect.ValueOf(*Generate(seed)), func(_ string, v reflect.Value) {
			if v.Kind() == reflect.String {
				seen[v.Type().Name()+" "+v.String()] = true
			}
		})
	}
	n := 0
	for name, value := range constants(t) {
		n++
		if !seen[value] {
			t.Errorf("%s (%s) never occurs", name, value)
		}
	}
	if n < 40 {
		t.Errorf("only %d constants", n)
	}
}

// constants returns the constants of package sbom that have a named type, as
// "TYPE VALUE" by name.
func constants(t *testing.T) map[string]string {
	files, err := filepath.Glob("../../sbom/*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			typ, ok := spec.Type.(*ast.Ident)
			if !ok || typ.Name == "State" { // which is computed
				return true
			}
			for i, name := range spec.Names[:len(spec.Values)] {
				if lit, ok := spec.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
					value, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					out[name.Name] = typ.Name + " " + value
				}
			}
			return true
		})
	}
	return out
}

// TestValid: inventories are what a catalog could have made.
func TestValid(t *testing.T) {
	for seed := range uint64(300) {
		inv := Generate(seed)
		ids := make(map[string]bool)
		for i := range inv.Components {
			c := &inv.Components[i]
			if c.ID == "" || ids[c.ID] {
				t.Errorf("seed %d: id %q is empty or not unique", seed, c.ID)
			}
			ids[c.ID] = true
			if c.PURL != "" {
				if _, err := c.ParsePURL(); err != nil {
					t.Errorf("seed %d: %s: %v", seed, c.PURL, err)
				}
			}
			if n := c.Files; n.Owned != n.Present+n.Missing || n.Modified+n.Verified > n.Present {
				t.Errorf("seed %d: counts %+v", seed, n)
			}
		}
		for _, r := range inv.Relationships {
			if !ids[r.From] || !ids[r.To] {
				t.Errorf("seed %d: relationship %v", seed, r)
			}
		}
		for _, f := range inv.Files {
			if f.Owner != "" && !ids[f.Owner] || (f.Owner == "") != (f.Claim == "") {
				t.Errorf("seed %d: file %+v", seed, f)
			}
		}
		walk("", reflect.ValueOf(*inv), func(place string, v reflect.Value) {
			switch v := v.Interface().(type) {
			case sbom.Digest:
				if d, err := sbom.ParseDigest(string(v)); v != "" && (err != nil || d != v) {
					t.Errorf("seed %d: %s: digest %q", seed, place, v)
				}
			case *sbom.LayerRef:
				if v != nil && v.Index >= 0 && (v.Index >= len(inv.Layers) || inv.Layers[v.Index].DiffID != v.DiffID) {
					t.Errorf("seed %d: %s: layer %+v", seed, place, v)
				}
			}
		})
	}
}

// TestSame: a seed gives one inventory, and another seed another one.
func TestSame(t *testing.T) {
	for seed := range uint64(50) {
		if d := Diff(Generate(seed), Generate(seed)); d != nil {
			t.Errorf("seed %d differs from itself: %v", seed, d)
		}
		if !reflect.DeepEqual(Generate(seed), Generate(seed)) {
			t.Errorf("seed %d is not the same in the form of its lists", seed)
		}
		if Diff(Generate(seed), Generate(seed+1)) == nil {
			t.Errorf("seeds %d and %d are the same", seed, seed+1)
		}
	}
}

// TestDiff: no leaf of the model can change without being told.
func TestDiff(t *testing.T) {
	missed, told := make(map[string]bool), make(map[string]bool)
	for seed := range uint64(23) {
		n := 0
		walk("", reflect.ValueOf(*Generate(seed)), func(string, reflect.Value) { n++ })
		for at := range n {
			if at%23 != int(seed) { // each seed changes others, to be quick
				continue
			}
			other, i := Generate(seed), 0
			place := ""
			walk("", reflect.ValueOf(other).Elem(), func(p string, v reflect.Value) {
				if i == at && change(v) {
					place = p
				}
				i++
			})
			switch {
			case place == "":
			case Diff(Generate(seed), other) == nil:
				missed[place] = true
			default:
				told[place] = true
			}
		}
	}
	for place := range missed {
		t.Errorf("a change of %s is not told", place)
	}
	if len(told) < 60 {
		t.Errorf("only %d fields were changed", len(told))
	}
}

// change gives a leaf another value, and reports whether v is one.
func change(v reflect.Value) bool {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(v.Interface().(time.Time).Add(time.Nanosecond)))
	case v.Kind() == reflect.String:
		v.SetString(v.String() + "~")
	case v.CanInt():
		v.SetInt(v.Int() + 1)
	case v.CanUint():
		v.SetUint(v.Uint() + 1)
	case v.CanFloat():
		v.SetFloat(v.Float() + 0.001)
	case v.Kind() == reflect.Bool:
		v.SetBool(!v.Bool())
	default:
		return false
	}
	return true
}
