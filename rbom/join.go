package rbom

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
)

// ErrSubject is the error of a recording that was made of another image than the
// inventory describes.
var ErrSubject = errors.New("rbom: recording and inventory are of different images")

// Join connects what was recorded with the components of the image that ran.
//
// A file belongs to the component that owns it in inv. When it is no executable
// of the inventory, it belongs to the component whose own archive or package
// directory it is in. Components that live inside an executed file, such as the
// modules of a Go program, count as Loaded: their code was there, and whether it
// was called, only a recorder of functions can say.
//
// The error wraps ErrSubject when both subjects have a digest and they differ.
// Neither argument is changed, so that Join is safe for concurrent use.
func Join(rec *Recording, inv *sbom.Inventory) (*RBOM, error) {
	if a, b := rec.Subject.Digest, inv.Subject.Digest; a != "" && b != "" && a != b {
		return nil, fmt.Errorf("%w: %s and %s", ErrSubject, a, b)
	}
	j := newJoin(inv)
	for i := range rec.Observations {
		j.add(&rec.Observations[i])
	}
	r := &RBOM{Subject: inv.Subject, Recorder: rec.Recorder, Coverage: rec.Coverage,
		Unknown: j.sortedUnknown(), Drift: j.sortedDrift(), Unchecked: sortedKeys(j.unchecked), Endpoints: sortedEndpoints(j.endpoints), Gaps: rec.Coverage.Gaps}
	for i := range inv.Components {
		if u := j.usage[inv.Components[i].ID]; u != nil {
			r.Usage = append(r.Usage, u.finish())
		}
	}
	return r, nil
}

// Level returns how far the component with the given id was seen to be used.
func (r *RBOM) Level(component string) Level {
	for i := range r.Usage {
		if r.Usage[i].Component == component {
			return r.Usage[i].Level
		}
	}
	return NotObserved
}

// join collects what belongs together.
type join struct {
	inv       *sbom.Inventory
	files     map[string]*sbom.File
	byID      map[string]*sbom.Component
	inFile    map[string][]*sbom.Component // by the file the components were found in
	dirs      map[string]*sbom.Component   // by the package's directory
	usage     map[string]*usage
	unknown   map[string]UnknownFile
	drift     map[string]Drift
	unchecked map[string]bool
	endpoints map[Endpoint]bool
}

type usage struct {
	Usage
	files, functions map[string]bool
	endpoints        map[Endpoint]bool
}

func newJoin(inv *sbom.Inventory) *join {
	j := &join{inv: inv, files: make(map[string]*sbom.File, len(inv.Files)), byID: make(map[string]*sbom.Component, len(inv.Components)),
		inFile: make(map[string][]*sbom.Component), dirs: make(map[string]*sbom.Component), usage: make(map[string]*usage),
		unknown: make(map[string]UnknownFile), drift: make(map[string]Drift), unchecked: make(map[string]bool), endpoints: make(map[Endpoint]bool)}
	for i := range inv.Files {
		j.files[inv.Files[i].Path] = &inv.Files[i]
	}
	for i := range inv.Components {
		c := &inv.Components[i]
		j.byID[c.ID] = c
		if !c.Attribution.Visible {
			continue
		}
		file, _, _ := strings.Cut(c.Location().Path, "!/")
		j.inFile[file] = append(j.inFile[file], c)
		if path.Base(file) == "package.json" {
			j.dirs[path.Dir(file)] = c
		}
	}
	return j
}

func (j *join) add(o *Observation) {
	switch o.Kind {
	case KindConnect:
		j.contact(o)
	case KindExec, KindMap, KindOpen, KindFunction:
		j.file(o)
	}
}

// contact attributes an endpoint to the component whose program contacted it.
func (j *join) contact(o *Observation) {
	if o.Endpoint == nil {
		return
	}
	j.endpoints[*o.Endpoint] = true
	if c := j.owner(o.Process.Exe); c != nil {
		j.use(c, Executed, o).endpoints[*o.Endpoint] = true
	}
}

// file attributes a file to its component, and to those that are inside it.
func (j *join) file(o *Observation) {
	runs := o.Kind == KindExec || o.Kind == KindMap
	if runs {
		j.checkDrift(o)
	}
	c := j.owner(o.Path)
	if c == nil && runs {
		_, known := j.files[o.Path]
		j.unknown[o.Path] = UnknownFile{Path: o.Path, Digest: o.Digest, InImage: known}
	}
	if c != nil {
		u := j.use(c, levelOf(o.Kind), o)
		u.files[o.Path] = true
		if o.Function != "" {
			u.functions[o.Function] = true
		}
	}
	for _, inside := range j.inFile[o.Path] {
		if inside != c {
			j.use(inside, min(levelOf(o.Kind), Loaded), o).files[o.Path] = true
		}
	}
}

func levelOf(k Kind) Level {
	switch k {
	case KindExec, KindFunction:
		return Executed
	case KindMap:
		return Loaded
	}
	return Opened
}

// owner returns the component that the file belongs to, nil when there is none.
func (j *join) owner(file string) *sbom.Component {
	if f, ok := j.files[file]; ok {
		return j.byID[f.Owner]
	}
	if in := j.inFile[file]; len(in) == 1 {
		return in[0]
	}
	for dir := path.Dir(file); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if c := j.dirs[dir]; c != nil {
			return c
		}
	}
	return nil
}

// checkDrift compares a file that ran with the image's.
func (j *join) checkDrift(o *Observation) {
	d := Drift{Path: o.Path, Got: o.Digest}
	f, ok := j.files[o.Path]
	switch {
	case o.Deleted:
		d.Kind = "deleted"
	case !ok || f.Integrity == sbom.Missing:
		d.Kind = "added"
	default:
		same, known := compare(f, o.Digest)
		if !known {
			j.unchecked[o.Path] = true
		}
		if same || !known {
			return
		}
		d.Kind = "modified"
	}
	if ok && len(f.Digests) > 0 {
		d.Want = f.Digests[0]
	}
	j.drift[o.Path] = d
}

// compare reports whether the file has the digest; it is not known when it has none of
// the same algorithm.
func compare(f *sbom.File, got sbom.Digest) (same, known bool) {
	for _, d := range f.Digests {
		if d.Algorithm() == got.Algorithm() {
			return d == got, true
		}
	}
	return false, false
}

func (j *join) use(c *sbom.Component, l Level, o *Observation) *usage {
	u := j.usage[c.ID]
	if u == nil {
		u = &usage{Usage: Usage{Component: c.ID, PURL: c.PURL, First: o.First, Last: o.Last},
			files: make(map[string]bool), functions: make(map[string]bool), endpoints: make(map[Endpoint]bool)}
		j.usage[c.ID] = u
	}
	u.Level = max(u.Level, l)
	u.First, u.Last = earlier(u.First, o.First), later(u.Last, o.Last)
	return u
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (u *usage) finish() Usage {
	u.Files = sortedKeys(u.files)
	u.Functions = sortedKeys(u.functions)
	u.Endpoints = sortedEndpoints(u.endpoints)
	return u.Usage
}

func (j *join) sortedUnknown() (out []UnknownFile) {
	for _, p := range sortedKeys(j.unknown) {
		out = append(out, j.unknown[p])
	}
	return out
}

func (j *join) sortedDrift() (out []Drift) {
	for _, p := range sortedKeys(j.drift) {
		out = append(out, j.drift[p])
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func sortedEndpoints(m map[Endpoint]bool) (out []Endpoint) {
	for e := range m {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Endpoint) int {
		return cmp.Or(cmp.Compare(a.Network, b.Network), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Name, b.Name))
	})
	return out
}
