package score

import (
	"encoding/json"
	"io"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

// syftDocument is what is needed of syft's own JSON.
type syftDocument struct {
	Artifacts []syftArtifact `json:"artifacts"`
	Source    struct {
		Metadata struct {
			Layers []struct {
				Digest string `json:"digest"` // the diffID
			} `json:"layers"`
		} `json:"metadata"`
	} `json:"source"`
}

type syftArtifact struct {
	Name, Version, Type, PURL string
	Locations                 []struct {
		Path, LayerID string
		Annotations   struct{ Evidence string }
	}
	// Metadata differs from type to type.
	Metadata json.RawMessage
}

// Syft reads a document in syft's own JSON. All packages in it count as installed:
// syft makes no difference.
func Syft(r io.Reader) (*Report, error) {
	var doc syftDocument
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		return nil, err
	}
	layers := make(map[string]int)
	for i, l := range doc.Source.Metadata.Layers {
		layers[l.Digest] = i
	}
	report := &Report{Programs: make(map[string]bool)}
	for i := range doc.Artifacts {
		a := &doc.Artifacts[i]
		p, ok := fromPURL(a.PURL)
		if !ok {
			continue
		}
		if p.Ecosystem == truth.Go && a.isGoProgram() {
			report.Programs[p.Name] = true
			continue
		}
		a.locate(&p, layers)
		report.Installed = append(report.Installed, p)
	}
	return report, nil
}

// locate fills in where the package is: its first location with primary evidence.
func (a *syftArtifact) locate(p *Package, layers map[string]int) {
	for _, l := range a.Locations {
		if l.Annotations.Evidence != "primary" {
			continue
		}
		if layer, ok := layers[l.LayerID]; ok {
			p.Layer = layer
		}
		if p.Ecosystem != truth.Debian {
			p.Path = outermost(l.Path)
		}
		return
	}
}

// isGoProgram reports whether a is the main module of the program it was found in.
func (a *syftArtifact) isGoProgram() bool {
	var m struct{ MainModule string }
	// Metadata of other forms has no main module.
	_ = json.Unmarshal(a.Metadata, &m)
	return a.Name == m.MainModule
}
