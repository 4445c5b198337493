package dotnet

import (
	"encoding/json"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// maxFrameworks is the number of frameworks of one application; there are three.
const maxFrameworks = 16

// config is a runtimeconfig.json.
type config struct {
	Options struct {
		Framework  *framework  `json:"framework"`
		Frameworks []framework `json:"frameworks"`
		// Included are those that a self-contained application ships.
		Included []framework `json:"includedFrameworks"`
	} `json:"runtimeOptions"`
}

type framework struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// readConfig annotates the application with the frameworks that it runs on, and
// connects it with those that are installed in the version that it asks for.
func readConfig(f *detect.File, b []byte) (*detect.Fragment, error) {
	var c config
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	shared := c.Options.Frameworks
	if c.Options.Framework != nil {
		shared = append([]framework{*c.Options.Framework}, shared...)
	}
	key := placeOf(f.Path, configSuffix).key()
	note := detect.Annotation{Key: key}
	frag := &detect.Fragment{}
	for _, fw := range shared[:min(len(shared), maxFrameworks)] {
		name, version := oneline.Token(fw.Name, maxName), oneline.Token(fw.Version, maxName)
		if name == "" || version == "" {
			continue
		}
		note.Properties = statement.Property(note.Properties, "dotnet:framework", name+" "+version)
		frag.Relations = append(frag.Relations, detect.Relation{From: key, To: frameworkAlias(name, version), Type: sbom.DependsOn})
	}
	for _, fw := range c.Options.Included[:min(len(c.Options.Included), maxFrameworks)] {
		note.Properties = statement.Property(note.Properties, "dotnet:included_framework", fw.Name+" "+fw.Version)
	}
	if note.Properties == nil {
		return nil, nil
	}
	frag.Annotations = []detect.Annotation{note}
	return frag, nil
}
