package buildkit

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// Names of properties of components with sbom.ScopeBuild.
const (
	// StageProperty is the stage that a component is, or is part of.
	StageProperty = "build:stage"
	// ScopeProperty is the scope that a component has inside its stage, if it is not
	// installed there.
	ScopeProperty = "build:scope"
)

// Join adds to inv, the inventory of the image, what is stated about its build, and
// returns where the files come from, by path; files whose origin nothing states are not
// among them. files are those to trace, as [Files] lists them; inv.Files if nil. Call it
// once.
//
// Added are: a component of type container for each stage but the image's own and each
// image the build got, with sbom.ScopeBuild, and one for every other material; the components that the
// stages' inventories have, with sbom.ScopeBuild, the property [StageProperty] and their
// stage's evidence; contains and depends-on relationships among them; a copied-from
// relationship from each component of the image whose file came from a stage; the
// Origin of layers that were not compared with a known base image; and gaps, also those
// of the stages' inventories, whose messages name the stage.
//
// No other component, file or relationship of inv is changed. The error is fs.ErrInvalid
// when b or inv is nil.
func (b *Build) Join(inv *sbom.Inventory, files []sbom.File) ([]Origin, error) {
	if b == nil || inv == nil {
		return nil, fmt.Errorf("buildkit: no build or no inventory to join: %w", fs.ErrInvalid)
	}
	if files == nil {
		files = inv.Files
	}
	inv.Gaps = append(inv.Gaps, b.Gaps...)
	var origins []Origin
	if b.provenance >= 0 && len(b.Steps) > 0 {
		steps, ok := b.graph.layerSteps(inv.Layers)
		if ok {
			b.markLayers(inv, steps)
			origins = b.traceAll(inv, files, steps)
		} else {
			inv.Gaps = append(inv.Gaps, b.gap(sbom.GapContradiction, "the provenance is about other layers than the image has: it traces no file"))
		}
	}
	j := joiner{Build: b, inv: inv, ids: make(map[string]bool), copies: make(map[string]int), stages: make(map[string]string)}
	for i := range inv.Components {
		j.ids[inv.Components[i].ID] = true
	}
	shipped := len(inv.Components)
	materials := j.materials()
	for i := range b.Stages { // The last one is the image itself.
		if s := &b.Stages[i]; s.Inventory != nil || s.Name != b.graph.resultStage() {
			j.stage(s, materials)
		}
	}
	j.copied(inv.Components[:shipped], origins)
	if j.unsaid > 0 {
		inv.Gaps = append(inv.Gaps, b.gap(sbom.GapLimit, "%d more gaps of stages are not told: more than %d", j.unsaid, maxStageGaps))
	}
	inv.Sort()
	return origins, nil
}

func (b *Build) gap(kind sbom.GapKind, format string, args ...any) sbom.Gap {
	return sbom.Gap{Kind: kind, Detector: detector, Message: fmt.Sprintf(format, args...)}
}

// traceAll traces the files, and tells of what is refuted or given up.
func (b *Build) traceAll(inv *sbom.Inventory, files []sbom.File, steps []int) []Origin {
	t := tracer{Build: b, steps: steps, work: b.limits.MaxWork}
	var origins []Origin
	for i := range files {
		o, ok := t.trace(&files[i])
		if t.work <= 0 {
			inv.Gaps = append(inv.Gaps, b.gap(sbom.GapLimit, "%d of %d files were not traced: more than %d steps", len(files)-i, len(files), b.limits.MaxWork))
			break
		}
		if !ok {
			continue
		}
		for n := range o.Trail {
			if h := &o.Trail[n]; h.Proof == Refuted {
				g := b.gap(sbom.GapContradiction, "by the provenance it is %.200q of stage %.100q, whose SBOM has another file there", h.Path, h.Stage)
				if h.Kind == HopMade {
					g.Message = fmt.Sprintf("by the provenance its text is in the Dockerfile, at line %d, and it is another", b.lineOf(h.Step))
				}
				g.Path, g.Layer = o.Path, o.Layer
				inv.Gaps = append(inv.Gaps, g)
			}
		}
		origins = append(origins, o)
	}
	slices.SortFunc(origins, func(a, b Origin) int { return cmp.Compare(a.Path, b.Path) })
	return origins
}

// lineOf returns the line of a step in the Dockerfile, 0 if it has none.
func (b *Build) lineOf(id string) int { return b.Steps[b.graph.byID[id]].Line }

// joiner adds the components of the build.
type joiner struct {
	*Build
	inv    *sbom.Inventory
	ids    map[string]bool
	copies map[string]int    // how many components had an id of their own made from this one
	stages map[string]string // id of a stage's component by its name
	gaps   int               // of stages, as many as are told
	unsaid int               // those that are not
}

// add adds a component and returns its id.
func (j *joiner) add(c sbom.Component) string {
	c.Scope, c.Attribution = sbom.ScopeBuild, sbom.Attribution{}
	id := sbom.ComponentID(&c)
	c.ID = id
	for j.ids[c.ID] { // A statement may name one thing any number of times.
		j.copies[id]++
		c.ID = fmt.Sprintf("%s-%d", id, j.copies[id]+1)
	}
	j.ids[c.ID] = true
	j.inv.Components = append(j.inv.Components, c)
	return c.ID
}

func (j *joiner) relate(from string, typ sbom.RelationshipType, to string) {
	j.inv.Relationships = append(j.inv.Relationships, sbom.Relationship{From: from, To: to, Type: typ})
}

// materials adds what the build was given, and returns the ids by digest.
func (j *joiner) materials() map[sbom.Digest]string {
	ids := make(map[sbom.Digest]string)
	for _, m := range j.Materials {
		c := sbom.Component{Type: sbom.TypeFile, Name: oneLine(m.URI), Hashes: m.Digests}
		if len(m.Digests) > 0 {
			c.Version = string(m.Digests[0])
		}
		c.PURL = m.URI
		if p, err := c.ParsePURL(); err != nil {
			c.PURL = ""
			c.References = []sbom.Reference{{Type: "distribution", URL: m.URI}}
		} else {
			c.PURL, c.Name = p.ToString(), strings.TrimPrefix(p.Namespace+"/"+p.Name, "/")
			c.Version = cmp.Or(p.Version, c.Version)
			if p.Type == "docker" || p.Type == "oci" {
				c.Type = sbom.TypeContainer
			}
		}
		c.Evidence = []sbom.Evidence{j.evidence(m.Source, "name", oneLine(m.URI))}
		id := j.add(c)
		for _, d := range m.Digests {
			ids[d] = id
		}
	}
	return ids
}

// stage adds a stage and what its inventory has.
func (j *joiner) stage(s *Stage, materials map[sbom.Digest]string) {
	src := s.Source
	if src < 0 {
		src = j.provenance
	}
	c := sbom.Component{Type: sbom.TypeContainer, Name: s.Name, Description: "build stage", Properties: []sbom.Property{{Name: StageProperty, Value: s.Name}}}
	if s.From != "" {
		c.Description = oneLine("build stage from " + s.From)
	}
	c.Evidence = []sbom.Evidence{j.evidence(src, "name", s.Name)}
	id := j.add(c)
	if base := j.stages[strings.ToLower(s.From)]; base != "" {
		j.relate(id, sbom.DependsOn, base)
	}
	j.stages[s.Name] = id
	for i := range j.Steps {
		if st := &j.Steps[i]; st.Stage == s.Name && st.Kind == StepSource && isImage(st.source) {
			if _, d := reference(st.source); materials[d] != "" {
				j.relate(id, sbom.DependsOn, materials[d])
			}
		}
	}
	if s.Inventory != nil {
		j.components(s, id)
	}
}

// components adds what the inventory of a stage has.
func (j *joiner) components(s *Stage, stage string) {
	ids := make(map[string]string, len(s.Inventory.Components))
	for i := range s.Inventory.Components {
		c := &s.Inventory.Components[i]
		if !c.Attribution.Visible || c.Type == sbom.TypeFile {
			continue
		}
		ids[c.ID] = j.add(j.inStage(c, s))
		j.relate(stage, sbom.Contains, ids[c.ID])
	}
	for _, r := range s.Inventory.Relationships {
		if ids[r.From] != "" && ids[r.To] != "" {
			j.relate(ids[r.From], r.Type, ids[r.To])
		}
	}
	j.stageGaps(s, ids)
}

// maxStageGaps is how many gaps of all stages are told.
const maxStageGaps = 10_000

// stageGaps adds what was not understood in a stage: what is missing of it may be in the
// image.
func (j *joiner) stageGaps(s *Stage, ids map[string]string) {
	for _, g := range s.Inventory.Gaps {
		if j.gaps == maxStageGaps {
			j.unsaid++
			continue
		}
		j.gaps++
		g.Path, g.Layer, g.Component = s.inside(g.Path), nil, ids[g.Component]
		g.Message = oneLine("stage " + s.Name + ": " + g.Message)
		j.inv.Gaps = append(j.inv.Gaps, g)
	}
}

// inside returns the place of a path in the stage: nothing that passes for the image's.
func (s *Stage) inside(path string) string {
	if path == "" {
		return ""
	}
	return "stage:" + s.Name + "!/" + path
}

// inStage returns a copy of a component in which nothing passes for the image's: its
// places are behind "stage:NAME!/", and no evidence is better than the statement.
func (j *joiner) inStage(in *sbom.Component, s *Stage) sbom.Component {
	c := *in
	own := j.evidence(s.Source, "name", in.Name)
	own.Location.Path = s.inside(in.Location().Path)
	c.Evidence = append([]sbom.Evidence{own}, in.Evidence...)
	for i := 1; i < len(c.Evidence); i++ {
		e := &c.Evidence[i]
		e.Location = sbom.Location{Path: s.inside(e.Location.Path)}
		e.Confidence = min(e.Confidence, own.Confidence)
	}
	c.Licenses = slices.Clone(in.Licenses)
	for i := range c.Licenses {
		c.Licenses[i].Location = s.inside(c.Licenses[i].Location)
	}
	ofDocument := func(p sbom.Property) bool { return p.Name == document.Pointer } // Where it stands in the statement.
	c.Properties = append(slices.DeleteFunc(slices.Clone(in.Properties), ofDocument), sbom.Property{Name: StageProperty, Value: s.Name})
	if in.Scope != sbom.ScopeInstalled {
		c.Properties = append(c.Properties, sbom.Property{Name: ScopeProperty, Value: string(in.Scope)})
	}
	return c
}

// copied relates the image's own components to the stages that their files came from.
func (j *joiner) copied(components []sbom.Component, origins []Origin) {
	for i := range components {
		c := &components[i]
		if !c.Attribution.Visible {
			continue
		}
		at, _, _ := strings.Cut(c.Location().Path, "!/")
		n, ok := slices.BinarySearchFunc(origins, at, func(o Origin, at string) int { return cmp.Compare(o.Path, at) })
		if !ok {
			continue
		}
		if stage, proof := origins[n].Stage(); proof != Refuted && j.stages[stage] != "" {
			j.relate(c.ID, sbom.CopiedFrom, j.stages[stage])
		}
	}
}
