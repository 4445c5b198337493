package catalog

import (
	"path"

	"github.com/imagetrust/imagetrust/internal/kin"
	"github.com/imagetrust/imagetrust/sbom"
)

// nearness is how sure it is that a file is of the version of another of its project.
var nearness = map[kin.Nearness]struct {
	confidence float64
	words      string
}{kin.Linked: {0.9, "linked with "}, kin.Directory: {0.86, "beside "}, kin.Tree: {0.82, "installed with "}}

// maxSiblings is how many files are noted with one component.
const maxSiblings = 100

// siblings finds files that say nothing of themselves, and that nobody owns, by what others of their
// project are (detect.Fragment.Kin). They stay nobody's, and a gap: to be silent beside a known
// program proves nothing.
func (o *ownership) siblings() {
	type member struct {
		source   *source
		fragment *fragment
	}
	byDetector := make(map[string][]member)
	for _, s := range o.fold.sources() {
		for _, fr := range s.fragments {
			if fr.Facts.Kin != nil && !o.spoken[fr] {
				byDetector[fr.Detector.Name] = append(byDetector[fr.Detector.Name], member{s, fr})
			}
		}
	}
	for _, members := range byDetector {
		files := make([]kin.File, len(members))
		for i, m := range members {
			k := m.fragment.Facts.Kin
			files[i] = kin.File{Path: m.source.path, Project: k.Project, Version: k.Version, SONAME: k.SONAME, Needed: k.Needed}
		}
		told := make(map[*tracked]int)
		for _, found := range kin.Find(files) {
			o.fold.patience.ask()
			m, of := members[found.File], members[found.Of]
			if t := o.self(of.source, of.fragment); t != nil && told[t] < maxSiblings {
				told[t]++
				o.witness(m.source, m.fragment, t, of.source.path, found.Near)
			}
		}
	}
}

// self returns the component that the file of a fragment is; nil if there is none, any more.
func (o *ownership) self(s *source, fr *fragment) *tracked {
	for c := range fr.claims.all {
		if string(c.path) == s.path {
			return o.fold.components[identity{detector: fr.Detector.Name, path: s.path, key: c.key}]
		}
	}
	return nil
}

// witness notes with a component that a file is of it by all signs.
func (o *ownership) witness(s *source, fr *fragment, t *tracked, sibling string, near kin.Nearness) {
	if n, _ := o.fold.tree.Lookup(s.path); n == nil || n.Value.claims != nil || o.speaker(s, fr.Detector.Name) != nil {
		return
	}
	by := nearness[near]
	t.component.Evidence = append(t.component.Evidence, sbom.Evidence{Field: "version", Technique: sbom.TechniqueBinary, Confidence: by.confidence,
		Value: valid(path.Base(s.path) + " is " + by.words + sibling), Detector: fr.Detector.String(), Location: sbom.Location{Path: s.path, Layer: o.fold.layers[s.layer]}})
}
