package reconcile

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// spot is a path with the purl type of what was seen there: "" for packages
// without a purl, anyType for all together.
type spot struct{ path, typ string }

const anyType = "*"

// What otherIdentity found, without and with a statement that the file does not
// say what it is.
const (
	checkTwoNames = "the inputs name the one package in the file differently"
	checkUnstated = checkTwoNames + ", and the file does not state what identifies it"
)

// otherIdentity holds when m has one package in the file in which the row's
// package was seen, under another name: one of them at least is a guess. It is
// proven when the inventory made from the image says that the file does not
// state its name.
func (r *run) otherIdentity(i, m int) (verdict, bool) {
	for _, n := range r.rows[i].entities {
		o := r.counterpart(n, m)
		if o < 0 {
			continue
		}
		v := verdict{CauseHeuristic, Inferred, Proof{Check: checkTwoNames, Sides: r.citeAlso(i, n, "purl")}}
		v.proof.Sides = append(v.proof.Sides, r.evidence(n)...)
		v.proof.Sides = append(v.proof.Sides, r.side(o, "purl"))
		v.proof.Sides = append(v.proof.Sides, r.evidence(o)...)
		v.proof.File, _ = r.fileProof(n)
		if s, g := r.unstated(r.entities[n].path); g != nil {
			v.proof.Check = checkUnstated
			v.proof.Sides = append(v.proof.Sides, s.gapSide(g))
			if s.Witness {
				v.certainty = Proven
			}
		}
		return v, true
	}
	return verdict{}, false
}

// counterpart returns the package of m that is entity n under another name, -1
// when there is none or more than one can be: each input has one package of
// the ecosystem in the file, the file is of a kind that holds one, and the
// versions agree, unless the file is known not to state what it is.
func (r *run) counterpart(n, m int) int {
	e := &r.entities[n]
	o := r.soleAt(e, m)
	if o < 0 || r.soleAt(e, e.input) != n || r.soleAt(&r.entities[o], e.input) != n || r.soleAt(&r.entities[o], m) != o {
		return -1
	}
	other := &r.entities[o]
	if e.id.Package == other.id.Package || !holdsOne(cmp.Or(e.id.Type, other.id.Type), e.path) {
		return -1
	}
	if _, g := r.unstated(e.path); g == nil && !agree(version(e), version(other)) {
		return -1
	}
	return o
}

// soleAt returns the one package of input m in e's file that can be e: the one
// of its ecosystem, or the only one there when either has no ecosystem.
func (r *run) soleAt(e *entity, m int) int {
	if e.path == "" || isFile(e) {
		return -1
	}
	s := r.sources[m]
	if o, ok := s.sole[spot{e.path, e.id.Type}]; ok && e.id.Type != "" {
		return o
	}
	o, ok := s.sole[spot{e.path, anyType}]
	if !ok || o >= 0 && e.id.Type != "" && r.entities[o].id.Type != "" {
		return -1
	}
	return o
}

// unstated returns an input that says that the file does not state what
// identifies the one package in it, and where it says so. One that was made
// from the image comes first.
func (r *run) unstated(path string) (*source, *sbom.Gap) {
	var by *source
	for _, s := range r.sources {
		o, ok := s.sole[spot{path, anyType}]
		if !ok || o < 0 || r.entities[o].id.Err == nil || s.incomplete[path] == nil {
			continue
		}
		if by == nil || s.Witness && !by.Witness {
			by = s
		}
	}
	if by == nil {
		return nil, nil
	}
	return by, by.incomplete[path]
}

// isFile reports whether an entity is a file and not a package in one.
func isFile(e *entity) bool { return e.comp.Type == sbom.TypeFile }

// singles are the kinds of files that hold one package, or name the one that
// they are part of, by the ends of their names. All others may have many:
// databases, lock files, programs with what was linked into them.
var singles = map[string][]string{
	"maven": {".jar", ".war", ".ear", ".aar", ".rar", ".sar", ".par", ".nar", ".kar", ".hpi", ".jpi", ".lpkg"},
	"npm":   {"package.json"},
	"pypi":  {"METADATA", "PKG-INFO", ".egg-info", ".whl", ".egg"},
	"gem":   {".gemspec", ".gem"},
	"nuget": {".dll", ".exe", ".nuspec", ".nupkg"},
	"deb":   {".deb"},
	"rpm":   {".rpm"},
	"apk":   {".apk"},
	// What a classifier finds in a program is the program.
	"generic": {""},
}

func holdsOne(typ, file string) bool {
	return slices.ContainsFunc(singles[typ], func(end string) bool { return strings.HasSuffix(path.Base(file), end) })
}

// evidence cites how an entity was found, where its input says so.
func (r *run) evidence(n int) []Side {
	if s := r.side(n, "evidence"); s.Words != "" {
		return []Side{s}
	}
	return nil
}
