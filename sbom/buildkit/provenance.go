package buildkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/imagetrust/imagetrust/sbom"
)

// predicateV1 is SLSA provenance v1 as BuildKit writes it (moby/buildkit,
// docs/attestations/slsa-definitions.md).
type predicateV1 struct {
	BuildDefinition struct {
		ResolvedDependencies []material `json:"resolvedDependencies"`
		InternalParameters   struct {
			BuildConfig *buildConfig `json:"buildConfig"`
		} `json:"internalParameters"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Metadata struct {
			BuildKit metadata `json:"buildkit_metadata"`
		} `json:"metadata"`
	} `json:"runDetails"`
}

// predicateV02 is SLSA provenance v0.2.
type predicateV02 struct {
	Materials   []material   `json:"materials"`
	BuildConfig *buildConfig `json:"buildConfig"`
	Metadata    struct {
		BuildKit metadata `json:"https://mobyproject.org/buildkit@v1#metadata"`
	} `json:"metadata"`
}

type material struct {
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest"`
}

// buildConfig has the steps. What it says beside them (digestMapping, from digests of
// LLB vertices to steps) nothing here needs.
type buildConfig struct {
	Steps []rawStep `json:"llbDefinition"`
}

// metadata is what BuildKit adds: where steps stand in the Dockerfile, and the layers
// that they made.
type metadata struct {
	Source *struct {
		Locations map[string]struct {
			Locations []struct {
				Source int `json:"sourceIndex"`
				Ranges []struct {
					Start struct {
						Line int `json:"line"`
					} `json:"start"`
				} `json:"ranges"`
			} `json:"locations"`
		} `json:"locations"`
		Infos []struct {
			Filename string `json:"filename"`
			Language string `json:"language"`
			Data     []byte `json:"data"`
		} `json:"infos"`
	} `json:"source"`
	// Layers has for the output of a step ("step3:0") the chains of layers that it was
	// stored as, mostly one.
	Layers map[string][][]struct {
		Digest    string `json:"digest"`
		MediaType string `json:"mediaType"`
	} `json:"layers"`
}

// addProvenance reads the predicate of the statement that will have the index src.
func (b *Build) addProvenance(s *statement, src int) error {
	materials, config, meta, err := decodeProvenance(s)
	if err != nil {
		return err
	}
	if b.provenance >= 0 {
		return fmt.Errorf("a second provenance, of which only the first is read: %w", errors.ErrUnsupported)
	}
	if len(materials) > b.limits.MaxSteps {
		return fmt.Errorf("%w: %d materials, at most %d", ErrLimit, len(materials), b.limits.MaxSteps)
	}
	var (
		g      graph
		stages []Stage
	)
	if config != nil {
		if g, err = newGraph(config.Steps, b.limits.MaxSteps); err != nil {
			return err
		}
		if err := g.setLayers(meta, b.limits.MaxSteps); err != nil {
			return err
		}
		if stages, err = g.locate(meta, b.limits.MaxSteps); err != nil {
			return err
		}
	}
	for _, m := range materials {
		b.Materials = append(b.Materials, Material{URI: m.URI, Digests: digestsOf(m.Digest), Source: src})
	}
	b.graph, b.Steps, b.provenance = g, g.steps, src
	b.Stages = append(stages, b.Stages...)
	return nil
}

func decodeProvenance(s *statement) ([]material, *buildConfig, *metadata, error) {
	if s.PredicateType == provenanceV02 {
		var p predicateV02
		if err := json.Unmarshal(s.Predicate, &p); err != nil {
			return nil, nil, nil, fmt.Errorf("%w: provenance v0.2: %w", ErrFormat, err)
		}
		return p.Materials, p.BuildConfig, &p.Metadata.BuildKit, nil
	}
	var p predicateV1
	if err := json.Unmarshal(s.Predicate, &p); err != nil {
		return nil, nil, nil, fmt.Errorf("%w: provenance v1: %w", ErrFormat, err)
	}
	d := &p.BuildDefinition
	return d.ResolvedDependencies, d.InternalParameters.BuildConfig, &p.RunDetails.Metadata.BuildKit, nil
}

// setLayers notes which chains of layers the outputs of steps were stored as.
func (g *graph) setLayers(meta *metadata, limit int) error {
	g.chains = make(map[output][][]stored, len(meta.Layers))
	count := 0
	for _, name := range slices.Sorted(maps.Keys(meta.Layers)) {
		out, err := g.output(name)
		if err != nil {
			return err
		}
		for _, chain := range meta.Layers[name] {
			// Each step repeats the layers of the one before it.
			if count += len(chain); count > 10*limit {
				return fmt.Errorf("%w: more than %d layers of steps", ErrLimit, 10*limit)
			}
			layers := make([]stored, len(chain))
			for i, l := range chain {
				d, err := sbom.ParseDigest(l.Digest)
				if err != nil {
					return fmt.Errorf("%w: layer %.100q of %.100q", ErrFormat, l.Digest, name)
				}
				layers[i] = stored{d, l.MediaType}
			}
			g.chains[out] = append(g.chains[out], layers)
		}
	}
	return nil
}

// locate sets the lines and stages of steps, and returns the stages of the Dockerfile.
func (g *graph) locate(meta *metadata, limit int) ([]Stage, error) {
	if meta.Source == nil {
		return nil, nil
	}
	at := -1
	for i, info := range meta.Source.Infos {
		if info.Language == "Dockerfile" && at < 0 {
			at = i
		}
	}
	if at < 0 {
		return nil, nil
	}
	df, err := parseDockerfile(meta.Source.Infos[at].Data, limit)
	if err != nil {
		return nil, err
	}
	for i := range g.steps {
		s := &g.steps[i]
		line := 0
		for _, l := range meta.Source.Locations[s.ID].Locations {
			for _, r := range l.Ranges {
				if l.Source == at && r.Start.Line > 0 && (line == 0 || r.Start.Line < line) {
					line = r.Start.Line
				}
			}
		}
		if stage := df.stageAt(line); stage != nil {
			s.Line, s.Stage, s.from = line, stage.Name, df.copies[line]
		}
	}
	return df.stages, nil
}
