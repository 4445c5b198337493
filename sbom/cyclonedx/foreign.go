package cyclonedx

import (
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/sbom"
)

// foreign maps what other tools say in properties of their own. The properties
// stay with the component as well.
func (m *mapper) foreign(c *sbom.Component, in *cdx.Component) {
	if in.Properties == nil {
		return
	}
	f := foreign{mapper: m, component: c}
	for _, p := range *in.Properties {
		switch {
		case strings.HasPrefix(p.Name, "syft:"):
			f.syft(strings.TrimPrefix(p.Name, "syft:"), p.Value)
		case strings.HasPrefix(p.Name, "aquasecurity:trivy:"):
			f.trivy(strings.TrimPrefix(p.Name, "aquasecurity:trivy:"), p.Value)
		}
	}
	f.finish()
}

// foreign collects facts whose parts stand in several properties.
type foreign struct {
	*mapper
	component *sbom.Component
	foundBy   string
	// Syft's locations by their number.
	places map[string]*sbom.Location
	order  []string
	// Trivy's parts.
	source           sbom.SourcePackage
	epoch, release   string
	filePath, diffID string
}

func (f *foreign) syft(name, value string) {
	switch {
	case name == "package:foundBy":
		f.foundBy = value
	case name == "cpe23":
		f.component.CPEs = append(f.component.CPEs, value)
	case name == "metadata:architecture":
		f.component.Architecture = value
	case name == "metadata:source":
		f.source.Name = value
	case name == "metadata:sourceVersion":
		f.source.Version = value
	case strings.HasPrefix(name, "location:"):
		number, part, _ := strings.Cut(strings.TrimPrefix(name, "location:"), ":")
		f.place(number, part, value)
	}
}

func (f *foreign) place(number, part, value string) {
	l, ok := f.places[number]
	if !ok {
		if f.places == nil {
			f.places = make(map[string]*sbom.Location)
		}
		l = &sbom.Location{}
		f.places[number] = l
		f.order = append(f.order, number)
	}
	switch part {
	case "path":
		l.Path = strings.TrimPrefix(value, "/")
	case "layerID":
		l.Layer = f.layer(value)
	}
}

func (f *foreign) trivy(name, value string) {
	switch name {
	case "SrcName":
		f.source.Name = value
	case "SrcVersion":
		f.source.Version = value
	case "SrcRelease":
		f.release = value
	case "SrcEpoch":
		f.epoch = value
	case "FilePath":
		f.filePath = strings.TrimPrefix(value, "/")
	case "LayerDiffID":
		f.diffID = value
	}
}

func (f *foreign) finish() {
	c := f.component
	if f.source.Name != "" {
		s := f.source
		if s.Version == "" && c.Source != nil && c.Source.Name == s.Name {
			s.Version = c.Source.Version
		}
		if s.Version == "" {
			s.Version = c.Version
		}
		if f.release != "" {
			s.Version += "-" + f.release
		}
		if f.epoch != "" && f.epoch != "0" {
			s.Version = f.epoch + ":" + s.Version
		}
		c.Source = &s
	}
	for _, number := range f.order {
		f.evidence(*f.places[number])
	}
	if l := f.layer(f.diffID); l != nil || f.filePath != "" {
		c.Attribution.Introduced = l
		f.evidence(sbom.Location{Path: f.filePath, Layer: l})
	}
}

func (f *foreign) evidence(l sbom.Location) {
	f.component.Evidence = append(f.component.Evidence, sbom.Evidence{
		Field: subjectField(f.component), Technique: sbom.TechniqueOther, Location: l, Detector: f.foundBy,
	})
}
