package dpkg

import (
	"iter"
	"strings"

	"github.com/imagetrust/imagetrust/internal/deb822"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// resolver turns the dependencies of all packages of a file into relations, once
// all packages are known.
type resolver struct {
	db *database
	// seen is the place in db.frag.Components of each key.
	seen map[string]int
	// first is the key of the first package of a name, or the first that
	// provides it under its virtual name.
	first map[string]string
	needs []need
}

// need is the dependencies of one package: substrings of the status file.
type need struct {
	key, arch       string
	depends, before string
}

func newResolver(db *database) *resolver {
	return &resolver{db: db, seen: make(map[string]int), first: make(map[string]string)}
}

// add notes what an installed package needs and provides.
func (r *resolver) add(s *deb822.Stanza, key string) {
	r.needs = append(r.needs, need{key: key, arch: s.Get("Architecture"), depends: s.Get("Depends"), before: s.Get("Pre-Depends")})
	name := s.Get("Package")
	if _, ok := r.first[name]; !ok {
		r.first[name] = key
	}
	for clause := range clauses(s.Get("Provides")) {
		virtual := virtualName(dependencyName(clause))
		if _, ok := r.first[virtual]; !ok {
			r.first[virtual] = key
		}
	}
}

// virtualName keeps what is provided apart from what is: names have no space.
func virtualName(name string) string { return "provided " + name }

// relations adds the relations. Of alternatives, the first that the file has
// counts. If it has none, all are named by alias: the package may be in another
// file of status.d, and the fold drops what is nowhere.
func (r *resolver) relations() error {
	for _, n := range r.needs {
		if err := r.db.ctx.Err(); err != nil {
			return stopped(r.db.path, err)
		}
		from := len(r.db.frag.Relations)
		for _, field := range []string{n.before, n.depends} {
			for clause := range clauses(field) {
				if err := r.relate(n, clause); err != nil {
					return err
				}
			}
		}
		r.db.frag.Relations = append(r.db.frag.Relations[:from], ospkg.Dedupe(r.db.frag.Relations[from:])...)
	}
	return nil
}

func (r *resolver) relate(n need, clause string) error {
	for alternative := range strings.SplitSeq(clause, "|") {
		if to := r.find(dependencyName(alternative), n.arch); to != "" {
			return r.emit(n.key, to)
		}
	}
	for alternative := range strings.SplitSeq(clause, "|") {
		name := dependencyName(alternative)
		bare, _, _ := strings.Cut(name, ":")
		if !ospkg.ValidName(bare) {
			continue
		}
		if err := r.emit(n.key, r.db.key(strings.Clone(bare))); err != nil {
			return err
		}
	}
	return nil
}

// find returns the key of the package that satisfies a dependency on name of a
// package of arch: of the same architecture first, then of all, then any, then
// one that provides it. A qualifier other than "any" names the architecture.
func (r *resolver) find(name, arch string) string {
	bare, qualifier, qualified := strings.Cut(name, ":")
	if qualified && qualifier != "any" && qualifier != "native" {
		arch = qualifier
	}
	for _, a := range [2]string{arch, "all"} {
		key := r.db.key(bare + ":" + a)
		if _, ok := r.seen[key]; ok && r.installed(key) {
			return key
		}
	}
	if key := r.first[bare]; key != "" {
		return key
	}
	return r.first[virtualName(bare)]
}

func (r *resolver) installed(key string) bool {
	return r.db.frag.Components[r.seen[key]].Scope == sbom.ScopeInstalled
}

func (r *resolver) emit(from, to string) error {
	if from == to {
		return nil
	}
	if len(r.db.frag.Relations) == maxRelations {
		return &detect.LimitError{Path: r.db.path, Limit: maxRelations, What: "dependencies"}
	}
	r.db.frag.Relations = append(r.db.frag.Relations, detect.Relation{From: from, To: to, Type: sbom.DependsOn})
	return nil
}

// clauses iterates over the comma-separated parts of a relationship field.
func clauses(field string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for clause := range strings.SplitSeq(field, ",") {
			if clause = strings.TrimSpace(clause); clause != "" && !yield(clause) {
				return
			}
		}
	}
}

// dependencyName returns the name in "name:arch (>= 1.0) [linux-any] <!nocheck>".
func dependencyName(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, " (\t\n["); i >= 0 {
		s = s[:i]
	}
	return s
}
