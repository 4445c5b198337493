package document

import (
	"strconv"

	"github.com/imagetrust/imagetrust/sbom"
)

// Prefix begins the name of every property of the overlay.
const Prefix = "imagetrust:"

// Names of properties that are not leaves.
const (
	// Role marks components that stand for something else: RoleDistribution or
	// RoleFile.
	Role             = Prefix + "role"
	RoleDistribution = "distribution"
	RoleFile         = "file"
	// Pointer is added by readers: where in the document the component stands,
	// as a JSON pointer, or a line for tag-value. Writers leave it out.
	Pointer = Prefix + "pointer"
	// RelationPrefix begins the name of a relationship that the format has no
	// word for; the type follows, and the value refers to the other component.
	RelationPrefix = Prefix + "relationship:"
	// propertyPrefix begins the name of a property that would be mistaken for
	// one of the overlay, or whose characters the format cannot carry.
	propertyPrefix = Prefix + "property:"
)

// differ collects the leaves in which two values differ.
type differ struct {
	props []sbom.Property
	list  string // name of the list whose element is compared, or empty
	index int
}

func (d *differ) add(name, value string) {
	if d.list != "" {
		if name != "" {
			name = ":" + name
		}
		name = d.list + ":" + strconv.Itoa(d.index) + name
	}
	d.props = append(d.props, sbom.Property{Name: Prefix + name, Value: Quote(value)})
}

func compare[T any](d *differ, fields []field[T], want, got *T) {
	for i := range fields {
		if w := fields[i].get(want); w != fields[i].get(got) {
			d.add(fields[i].name, w)
		}
	}
}

// compareList compares element by element. An element that has nothing to say
// beyond the zero value is still marked, so that it is there.
func compareList[T any](d *differ, name string, fields []field[T], want, got []T) {
	if len(want) < len(got) {
		d.add(name+":count", strconv.Itoa(len(want)))
	}
	d.list = name
	for i := range want {
		var g T
		if i < len(got) {
			g = got[i]
		}
		d.index = i
		n := len(d.props)
		compare(d, fields, &want[i], &g)
		if i >= len(got) && len(d.props) == n {
			d.add("", "")
		}
	}
	d.list = ""
}

// compareOptional compares two pointers; name alone says "none" or "empty".
func compareOptional[T comparable](d *differ, name string, fields []field[T], want, got *T) {
	var zero T
	switch {
	case want == nil && got == nil:
		return
	case want == nil:
		d.add(name, "none")
		return
	case got == nil && *want == zero:
		d.add(name, "empty")
		return
	case got == nil:
		got = &zero
	}
	compare(d, fields, want, got)
}

// Component returns the properties that make got, which the format's own fields
// say, equal to want. Properties and relationships are not compared.
func Component(want, got *sbom.Component) []sbom.Property {
	d := &differ{}
	compare(d, componentFields, want, got)
	compareOptional(d, "source", sourceFields, want.Source, got.Source)
	compareList(d, "license", licenseFields, want.Licenses, got.Licenses)
	compareList(d, "cpe", stringFields, want.CPEs, got.CPEs)
	compareList(d, "hash", digestFields, want.Hashes, got.Hashes)
	compareReferences(d, want.References, got.References)
	compareList(d, "evidence", evidenceFields, want.Evidence, got.Evidence)
	return d.props
}

// compareReferences compares a list whose elements have lists, the hashes. A
// reference all of whose fields are empty is marked by the first comparison.
func compareReferences(d *differ, want, got []sbom.Reference) {
	compareList(d, "reference", referenceFields, want, got)
	for i := range want {
		var hashes []sbom.Digest
		if i < len(got) {
			hashes = got[i].Hashes
		}
		compareList(d, "reference:"+strconv.Itoa(i)+":hash", digestFields, want[i].Hashes, hashes)
	}
}

// File returns the properties that make got equal to want.
func File(want, got *sbom.File) []sbom.Property {
	d := &differ{}
	compare(d, fileFields, want, got)
	compareList(d, "digest", digestFields, want.Digests, got.Digests)
	return d.props
}

// Inventory returns the properties that make got equal to want, apart from
// components, relationships and files.
func Inventory(want, got *sbom.Inventory) []sbom.Property {
	d := &differ{}
	compare(d, subjectFields, &want.Subject, &got.Subject)
	compareDistribution(d, want.Distribution, got.Distribution)
	compareList(d, "layer", layerFields, want.Layers, got.Layers)
	compareList(d, "gap", gapFields, want.Gaps, got.Gaps)
	compareList(d, "tool", toolFields, want.Tools, got.Tools)
	compare(d, []field[sbom.Inventory]{createdField}, want, got)
	return d.props
}

func compareDistribution(d *differ, want, got *sbom.Distribution) {
	switch {
	case want == nil && got == nil:
		return
	case want == nil:
		d.add("distribution", "none")
		return
	case got == nil:
		d.add("distribution", "empty")
		got = &sbom.Distribution{}
	}
	compare(d, distributionFields, want, got)
	compareList(d, "distribution:idLike", stringFields, want.IDLike, got.IDLike)
}

// Properties splits the properties of a component into those that a format
// which has name-value pairs can carry as they are, and those it cannot, renamed.
func Properties(props []sbom.Property) (plain, renamed []sbom.Property) {
	for _, p := range props {
		switch {
		case p.Name == Pointer:
		case p.Name == "" || p.Name[0] == '"' || reserved(p.Name) || !Plain(p.Name) || Quote(p.Value) != p.Value:
			renamed = append(renamed, sbom.Property{Name: propertyPrefix + Quote(p.Name), Value: Quote(p.Value)})
		default:
			plain = append(plain, p)
		}
	}
	return plain, renamed
}

func reserved(name string) bool { return len(name) >= len(Prefix) && name[:len(Prefix)] == Prefix }
