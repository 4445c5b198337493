package buildkit

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// Origin says where a file of the image comes from.
type Origin struct {
	// Path is the file, as File.Path, and Layer the layer that has it.
	Path  string         `json:"path"`
	Layer *sbom.LayerRef `json:"layer,omitempty"`
	// Trail begins in the image and leads back to where the file was before: each Hop
	// was copied from the next. It has at least one.
	Trail []Hop `json:"trail"`
}

// Stage returns the stage that the file was copied from, and what proves it. It is
// empty for a file that was made where it is, or did not come from a stage; the build
// context is the stage "context".
func (o *Origin) Stage() (string, Proof) {
	if len(o.Trail) < 2 {
		return "", ""
	}
	return o.Trail[1].Stage, o.Trail[1].Proof
}

// Hop is a place where a file was, and how it came there.
type Hop struct {
	// Kind is how; empty when nothing says it.
	Kind HopKind `json:"kind,omitempty"`
	// Stage is where: a stage of the Dockerfile, or "context". It is empty where there
	// are no stages: in an image that was copied from, or a download.
	Stage string `json:"stage,omitempty"`
	// Path is where in the stage; empty when a wildcard or an archive hides it.
	Path string `json:"path,omitempty"`
	// Step is the step that put it there, as Step.ID.
	Step string `json:"step,omitempty"`
	// Source is the identifier of the image, download or context that the step got.
	Source string `json:"source,omitempty"`
	// Proof says why the file is believed to have been here.
	Proof Proof `json:"proof"`
}

// HopKind is how a file came where it was.
type HopKind string

const (
	// HopCopied: copied from the next Hop.
	HopCopied HopKind = "copied"
	// HopRun: by a command. In a stage, this is the last command that could have written
	// the file: it may also be older.
	HopRun HopKind = "run"
	// HopMade: its text stands in the Dockerfile.
	HopMade HopKind = "made"
	// HopImage: it is part of an image that the build got: the base image of the stage,
	// or one that is copied from.
	HopImage HopKind = "image"
	// HopContext: it is part of what the builder was given.
	HopContext HopKind = "context"
	// HopFetched: it is, or is part of, a download or a repository.
	HopFetched HopKind = "fetched"
)

// Proof is why a file is believed to have been at a place.
type Proof string

const (
	// Proved: what is known of the place has the file with the same SHA-2 digest. What is
	// known of it is as good as the statement that says it.
	Proved Proof = "proved"
	// Stated: the provenance says so, and nothing else is known.
	Stated Proof = "stated"
	// Refuted: the inventory of the stage has another file there. One of the two
	// statements is wrong.
	Refuted Proof = "refuted"
)

// place is a file in an output.
type place struct {
	out  output
	path string // empty if not known
}

// tracer traces the files of one image.
type tracer struct {
	*Build
	steps []int // of layers
	work  int   // left
}

// trace returns the origin of a file of a layer, false when nothing is known.
func (t *tracer) trace(f *sbom.File) (Origin, bool) {
	if f.Layer == nil || f.Layer.Index < 0 || f.Layer.Index >= len(t.steps) || t.steps[f.Layer.Index] == unknown {
		return Origin{}, false
	}
	at := place{output{t.steps[f.Layer.Index], 0}, f.Path}
	o := Origin{Path: f.Path, Layer: f.Layer, Trail: []Hop{{Stage: t.graph.steps[at.out.step].Stage, Path: f.Path, Proof: Stated}}}
	const maxHops = 1000
	for certain := true; len(o.Trail) < maxHops; certain = false {
		hop := &o.Trail[len(o.Trail)-1]
		next, from, ok := t.how(at, f, hop, certain)
		if !ok {
			break
		}
		o.Trail = append(o.Trail, from)
		at = next
	}
	return o, true
}

// how finds the step that put the file where it is, and completes the hop. Where it was
// copied from is returned. The step of a certain place has written the file.
func (t *tracer) how(at place, f *sbom.File, hop *Hop, certain bool) (place, Hop, bool) {
	g := &t.graph
	last := "" // the last RUN that could have written it
	if certain {
		hop.Step = g.steps[at.out.step].ID
	}
	for t.work > 0 {
		s := &g.steps[at.out.step]
		t.work -= 1 + len(s.actions)
		switch s.Kind {
		case StepSource:
			if last == "" {
				hop.Kind, hop.Step, hop.Source = sourceKind(s.source), s.ID, s.Text
				if t.fetched(s.source, f) {
					hop.Proof = Proved
				}
			}
		case StepRun:
			last = cmp.Or(last, s.ID)
		case StepFile:
			next, from, ok := t.copied(s, at, f, certain)
			if ok && (last == "" || from.Proof == Proved) {
				hop.Kind, hop.Step = HopCopied, s.ID
				if from.Kind == HopMade {
					hop.Kind, hop.Proof = HopMade, from.Proof
					return place{}, Hop{}, false
				}
				return next, from, true
			}
			if ok {
				at.path = "" // A RUN behind the copy: nothing older can be told.
			}
		}
		below, ok := t.below(at)
		if !ok || certain {
			break
		}
		at.out = below
	}
	if last != "" {
		hop.Kind, hop.Step = HopRun, last
	}
	return place{}, Hop{}, false
}

// below returns where the file is if the step has not written it.
func (t *tracer) below(at place) (output, bool) {
	s := &t.graph.steps[at.out.step]
	if at.path == "" || s.Kind != StepMerge {
		below, ok := t.graph.base(at.out)
		return below, ok && at.path != ""
	}
	return t.merged(s, at.path)
}

// merged returns the input of a merge that has the path: the last that copies it, or
// the one below all others.
func (t *tracer) merged(s *Step, name string) (output, bool) {
	for i := len(s.inputs) - 1; i > 0 && t.work > 0; i-- {
		in := &t.graph.steps[s.inputs[i].step]
		t.work -= 1 + len(in.actions)
		if in.Kind == StepFile && slices.ContainsFunc(in.actions, func(a action) bool { _, rank := a.takes(name); return rank > 0 }) {
			return s.inputs[i], true
		}
	}
	if len(s.inputs) == 0 {
		return output{}, false
	}
	return s.inputs[0], true
}

// candidate is a place that an action may have copied a file from.
type candidate struct {
	action *action
	path   string
	rank   int
}

// copied returns where the actions of a step have taken a file from: where it is
// proved to have been, or else where it most likely was.
func (t *tracer) copied(s *Step, at place, f *sbom.File, certain bool) (place, Hop, bool) {
	all := s.candidates(at.path)
	if len(all) == 0 && certain {
		all = s.anywhere()
	}
	var (
		best place
		hop  Hop
	)
	for i, c := range all {
		if t.work <= 0 {
			break
		}
		p, h := t.source(s, c, f)
		if i == 0 || h.Proof == Proved && hop.Proof != Proved {
			best, hop = p, h
		}
	}
	return best, hop, len(all) > 0
}

// candidates returns what may have made a path, the likeliest first.
func (s *Step) candidates(name string) []candidate {
	var all []candidate
	for i := len(s.actions) - 1; i >= 0; i-- {
		if src, rank := s.actions[i].takes(name); rank > 0 {
			all = append(all, candidate{&s.actions[i], src, rank})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.rank, a.rank) })
	return all
}

// anywhere returns a candidate without a path for a file that the step has written by
// a path through a symlink, if all its copies take from the same place.
func (s *Step) anywhere() []candidate {
	var one *action
	for i := range s.actions {
		a := &s.actions[i]
		switch {
		case a.kind != StepFile:
		case a.data != nil || one != nil && one.secondary != a.secondary:
			return nil
		default:
			one = a
		}
	}
	if one == nil {
		return nil
	}
	return []candidate{{action: one, rank: 1}}
}

// source returns where a candidate was.
func (t *tracer) source(s *Step, c candidate, f *sbom.File) (place, Hop) {
	if c.action.data != nil {
		return place{}, Hop{Kind: HopMade, Proof: sameFile(digestsOfText(c.action.data), strong(f.Digests))}
	}
	if c.action.secondary < 0 || c.action.secondary >= len(s.inputs) {
		return place{}, Hop{Path: c.path, Proof: Stated}
	}
	p := place{s.inputs[c.action.secondary], c.path}
	from := &t.graph.steps[p.out.step]
	t.work -= 1 + len(from.actions)
	for i := range from.actions { // A here-document is a file of a step of its own.
		if a := &from.actions[i]; a.data != nil && a.dest == c.path {
			return place{}, Hop{Kind: HopMade, Proof: sameFile(digestsOfText(a.data), strong(f.Digests))}
		}
	}
	hop := Hop{Stage: cmp.Or(s.from, from.Stage)}
	if from.Kind == StepSource {
		if hop.Stage = ""; from.source == "local://"+contextStage {
			hop.Stage = contextStage
		}
	}
	hop.Proof, p.path = t.contents[hop.Stage].compare(c.path, f)
	hop.Path = p.path
	return p, hop
}

// takes says where a copy to the path would take it from, and how likely that is: 3 if
// the copy names the path, 2 if it names a file of that name, 1 if it copies a
// directory, 0 if it does not write there. The source is empty when a wildcard or an
// archive hides it.
func (a *action) takes(name string) (string, int) {
	if a.kind != StepFile || name == "" {
		return "", 0
	}
	if name == a.dest {
		if a.wildcard {
			return "", 3
		}
		return a.src, 3
	}
	rel, ok := inside(a.dest, name)
	if !ok || a.data != nil {
		return "", 0
	}
	base := path.Base(a.src)
	switch {
	case a.wildcard:
		match, err := path.Match(base, rel)
		if dir := path.Dir(a.src); err == nil && match && !strings.ContainsAny(dir, "*?[") {
			return path.Join(dir, rel), 2
		}
		return "", 1
	case rel == base:
		return a.src, 2
	case a.unpack:
		return "", 1
	case !a.contents && strings.HasPrefix(rel, base+"/"):
		return path.Join(path.Dir(a.src), rel), 2
	}
	return path.Join(a.src, rel), 1
}

// inside returns the path of a file relative to the directory it is in, false if it is
// not there. It is asked for every action and file.
func inside(dir, name string) (string, bool) {
	if dir == "." {
		return name, true
	}
	if len(name) <= len(dir) || name[len(dir)] != '/' || name[:len(dir)] != dir {
		return "", false
	}
	return name[len(dir)+1:], true
}

func sourceKind(source string) HopKind {
	switch {
	case isImage(source):
		return HopImage
	case strings.HasPrefix(source, "local://"):
		return HopContext
	}
	return HopFetched
}

// fetched reports whether the build got exactly the file from an address.
func (b *Build) fetched(source string, f *sbom.File) bool {
	return slices.ContainsFunc(b.Materials, func(m Material) bool {
		return m.URI == source && sameFile(strong(m.Digests), strong(f.Digests)) == Proved
	})
}
