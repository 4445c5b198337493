package document

import (
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// setter tries to apply one property of the overlay, without the prefix. It
// reports whether it could.
type setter func(name, value string) bool

// apply hands every property of the overlay to the setters, and returns the
// others and those that no setter takes: nothing in a document is dropped.
func apply(props []sbom.Property, setters ...setter) []sbom.Property {
	var rest []sbom.Property
next:
	for _, p := range props {
		if name, ok := strings.CutPrefix(p.Name, Prefix); ok {
			if p.Name == Role {
				continue
			}
			if own, ok := strings.CutPrefix(p.Name, propertyPrefix); ok {
				rest = append(rest, sbom.Property{Name: Unquote(own), Value: Unquote(p.Value)})
				continue
			}
			for _, set := range setters {
				if set(name, Unquote(p.Value)) {
					continue next
				}
			}
		}
		rest = append(rest, p)
	}
	return rest
}

func setField[T any](fields []field[T], v *T) setter {
	return func(name, value string) bool {
		for i := range fields {
			if fields[i].name == name {
				return fields[i].set(v, value) == nil
			}
		}
		return false
	}
}

// setList applies "LIST:INDEX:FIELD", "LIST:INDEX" and "LIST:count". A list grows
// by one element at a time and never by an index alone, so that a document
// cannot claim a length that it does not have.
func setList[T any](list string, fields []field[T], v *[]T) setter {
	return func(name, value string) bool {
		rest, ok := strings.CutPrefix(name, list+":")
		if !ok {
			return false
		}
		index, leaf, _ := strings.Cut(rest, ":")
		if index == "count" {
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 || n > len(*v) {
				return false
			}
			*v = (*v)[:n:n]
			return true
		}
		n, err := strconv.Atoi(index)
		if err != nil || n < 0 || n > len(*v) {
			return false
		}
		if n == len(*v) {
			var zero T
			*v = append(*v, zero)
		}
		if leaf == "" && fields[0].name != "" {
			return value == ""
		}
		return setField(fields, &(*v)[n])(leaf, value)
	}
}

func setOptional[T any](name string, fields []field[T], v **T) setter {
	return func(n, value string) bool {
		switch {
		case n == name && value == "none":
			*v = nil
			return true
		case n == name && value == "empty":
			*v = new(T)
			return true
		case !strings.HasPrefix(n, name+":"):
			return false
		case *v == nil:
			*v = new(T)
		}
		return setField(fields, *v)(n, value)
	}
}

// setReferenceHash applies "reference:INDEX:hash:INDEX" and "reference:INDEX:hash:count"
// to a reference that is there.
func setReferenceHash(v *[]sbom.Reference) setter {
	return func(name, value string) bool {
		rest, ok := strings.CutPrefix(name, "reference:")
		if !ok {
			return false
		}
		index, leaf, _ := strings.Cut(rest, ":")
		n, err := strconv.Atoi(index)
		if err != nil || n < 0 || n >= len(*v) {
			return false
		}
		return setList("hash", digestFields, &(*v)[n].Hashes)(leaf, value)
	}
}

// ApplyComponent applies properties to c and returns the ordinary ones.
func ApplyComponent(c *sbom.Component, props []sbom.Property) []sbom.Property {
	return apply(props,
		setField(componentFields, c),
		setOptional("source", sourceFields, &c.Source),
		setList("license", licenseFields, &c.Licenses),
		setList("cpe", stringFields, &c.CPEs),
		setList("hash", digestFields, &c.Hashes),
		setReferenceHash(&c.References),
		setList("reference", referenceFields, &c.References),
		setList("evidence", evidenceFields, &c.Evidence))
}

// ApplyFile applies properties to f and returns the ordinary ones.
func ApplyFile(f *sbom.File, props []sbom.Property) []sbom.Property {
	return apply(props, setField(fileFields, f), setList("digest", digestFields, &f.Digests))
}

// ApplyInventory applies properties to inv and returns the ordinary ones.
func ApplyInventory(inv *sbom.Inventory, props []sbom.Property) []sbom.Property {
	setIDLike := func(name, value string) bool {
		if !strings.HasPrefix(name, "distribution:idLike:") {
			return false
		}
		if inv.Distribution == nil {
			inv.Distribution = &sbom.Distribution{}
		}
		return setList("distribution:idLike", stringFields, &inv.Distribution.IDLike)(name, value)
	}
	return apply(props,
		setField(subjectFields, &inv.Subject),
		setIDLike,
		setOptional("distribution", distributionFields, &inv.Distribution),
		setList("layer", layerFields, &inv.Layers),
		setList("gap", gapFields, &inv.Gaps),
		setList("tool", toolFields, &inv.Tools),
		setField([]field[sbom.Inventory]{createdField}, inv))
}
