// Package statement turns what package metadata states into the parts of a
// component.
package statement

import (
	"encoding/json"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// Limits on what is kept, in bytes and in items.
const (
	MaxText     = 512
	MaxLicenses = 32
)

// License returns a licence statement made in the file at location: the SPDX
// expression that it means, if that is certain, and its own words where they
// differ.
func License(text, location string) sbom.License {
	l := detect.License(text, location)
	l.Name = oneline.Text(l.Name, MaxText)
	return l
}

// Licenses returns one statement for each text that is not empty. Metadata that
// lists several licences does not say whether all hold or each; they are
// not joined.
func Licenses(texts []string, location string) []sbom.License {
	var out []sbom.License
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" && len(out) < MaxLicenses {
			out = append(out, License(text, location))
		}
	}
	return out
}

// Manifest returns the evidence of a name and, unless it is empty, a version
// that a package's metadata states.
func Manifest(confidence float64, name, version string) []sbom.Evidence {
	return Evidence(sbom.TechniqueManifest, confidence, name, version)
}

// Evidence is Manifest for another technique.
func Evidence(t sbom.Technique, confidence float64, name, version string) []sbom.Evidence {
	list := []sbom.Evidence{{Field: "name", Technique: t, Confidence: confidence, Value: name}}
	if version != "" {
		list = append(list, sbom.Evidence{Field: "version", Technique: t, Confidence: confidence, Value: version})
	}
	return list
}

// Incomplete returns a gap about the component of that key or alias, which may
// be empty.
func Incomplete(key, message string) sbom.Gap {
	return sbom.Gap{Kind: sbom.GapIncomplete, Component: key, Message: message}
}

// Property appends a property unless its value, as one line, is empty.
func Property(list []sbom.Property, name, value string) []sbom.Property {
	if value = oneline.Text(value, MaxText); value == "" {
		return list
	}
	return append(list, sbom.Property{Name: name, Value: value})
}

// Object is a JSON object by its exact keys. A struct would also take "Name" for
// "name", which no reader of the formats does.
type Object map[string]json.RawMessage

// Text returns the string at key, empty if it is none.
func (o Object) Text(key string) string {
	var s string
	_ = json.Unmarshal(o[key], &s) // Anything else says nothing.
	return s
}

// Texts returns the strings in the array at key, or the string there.
func (o Object) Texts(key string) []string {
	var list []json.RawMessage
	if json.Unmarshal(o[key], &list) != nil {
		list = []json.RawMessage{o[key]}
	}
	var out []string
	for _, raw := range list {
		var s string
		if json.Unmarshal(raw, &s) == nil && s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Object returns the object at key, nil if it is none.
func (o Object) Object(key string) Object {
	var sub Object
	_ = json.Unmarshal(o[key], &sub)
	return sub
}

// Objects returns the objects in the array at key.
func (o Object) Objects(key string) []Object {
	var list []json.RawMessage
	_ = json.Unmarshal(o[key], &list)
	var out []Object
	for _, raw := range list {
		var sub Object
		if json.Unmarshal(raw, &sub) == nil && sub != nil {
			out = append(out, sub)
		}
	}
	return out
}

// True reports whether the value at key is true.
func (o Object) True(key string) bool { return string(o[key]) == "true" }
