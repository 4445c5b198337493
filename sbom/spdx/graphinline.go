package spdx

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
)

// valueClasses are the classes of objects that are part of an element, and no
// elements themselves.
var valueClasses = []string{
	"Hash", "PackageVerificationCode", "ExternalIdentifier", "ExternalRef", "DictionaryEntry", "ExternalMap", "NamespaceMap",
	"PositiveIntegerRange", "software_ContentIdentifier", "extension_CdxPropertyEntry", "extension_CdxPropertiesExtension",
	"ai_EnergyConsumption", "ai_EnergyConsumptionDescription",
}

// nested reports whether another element may stand in the place where it is referred
// to, which costs a second look.
func nested(raw []byte) bool {
	n := bytes.Count(raw, []byte(`"type"`))
	if n <= 1 {
		return false
	}
	for _, c := range valueClasses {
		n -= bytes.Count(raw, []byte(`"`+c+`"`))
	}
	return n > 1
}

// hoister takes elements out of the elements that they stand in, and leaves their
// identifiers there.
type hoister struct {
	prefix string
	found  []map[string]any
}

func (h *hoister) walk(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			v[key] = h.take(v[key])
		}
	case []any:
		for i, child := range v {
			v[i] = h.take(child)
		}
	}
}

// take returns what stands for v: its identifier if it is an element, and v itself
// otherwise.
func (h *hoister) take(v any) any {
	h.walk(v)
	e, ok := v.(map[string]any)
	if !ok {
		return v
	}
	class, _ := e["type"].(string)
	for _, c := range valueClasses {
		if class == "" || class == c {
			return v
		}
	}
	for _, key := range []string{"spdxId", "@id"} {
		if id, ok := e[key].(string); ok && id != "" {
			h.found = append(h.found, e)
			return id
		}
	}
	id := h.prefix + strconv.Itoa(len(h.found))
	e["@id"] = id
	h.found = append(h.found, e)
	return id
}
