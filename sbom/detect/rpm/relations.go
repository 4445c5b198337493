package rpm

import (
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// finish gives the components their keys, name.arch, and the claims theirs.
// Several versions of one package, such as of a kernel, can be installed: then
// the version is part of their keys.
func (db *database) finish() {
	count := make(map[string]int)
	for i := range db.frag.Components {
		count[db.baseKey(i)]++
	}
	used := make(map[string]bool)
	for i := range db.frag.Components {
		c := &db.frag.Components[i]
		c.Key = db.baseKey(i)
		if count[c.Key] > 1 {
			c.Aliases = []string{c.Key}
			c.Key += "@" + c.Version
		}
		if used[c.Key] {
			db.gaps.Add(sbom.GapCorrupt, "package %s is recorded twice; the first counts", c.Key)
			c.Key = ""
		}
		used[c.Key] = true
		last := len(db.frag.Claims)
		if i+1 < len(db.all) {
			last = db.all[i+1].claims
		}
		for j := db.all[i].claims; j < last; j++ {
			db.frag.Claims[j].Key = c.Key
		}
	}
	if used[""] {
		db.dropRepeated()
	}
}

// dropRepeated drops the components without a key, and their claims.
func (db *database) dropRepeated() {
	all := db.all[:0]
	for i, r := range db.all {
		if db.frag.Components[i].Key != "" {
			all = append(all, r)
		}
	}
	db.all = all
	db.frag.Components = slices.DeleteFunc(db.frag.Components, func(c detect.Component) bool { return c.Key == "" })
	db.frag.Claims = slices.DeleteFunc(db.frag.Claims, func(c detect.Claim) bool { return c.Key == "" })
}

func (db *database) baseKey(i int) string {
	c := &db.frag.Components[i]
	if c.Architecture == "" {
		return ospkg.Join(db.root, c.Name)
	}
	return ospkg.Join(db.root, c.Name+"."+c.Architecture)
}

// relations connects packages with those that provide what they require: a
// capability such as "libc.so.6()(64bit)", a name, or a file. What nothing in the
// database provides is left out, as are conditions ("(a if b)") and what rpm
// itself provides ("rpmlib(…)").
func (db *database) relations() error {
	provider := db.providers()
	for i, r := range db.all {
		if err := db.ctx.Err(); err != nil {
			return err
		}
		from := db.frag.Components[i].Key
		first := len(db.frag.Relations)
		for _, capability := range r.requires {
			to, ok := provider[capability]
			if !ok || to == "" || to == from {
				continue
			}
			if len(db.frag.Relations) == maxRelations {
				db.frag.Relations = append(db.frag.Relations[:first], ospkg.Dedupe(db.frag.Relations[first:])...)
				return &detect.LimitError{Path: db.path, Limit: maxRelations, What: "dependencies"}
			}
			db.frag.Relations = append(db.frag.Relations, detect.Relation{From: from, To: to, Type: sbom.DependsOn})
		}
		db.frag.Relations = append(db.frag.Relations[:first], ospkg.Dedupe(db.frag.Relations[first:])...)
	}
	return nil
}

// providers returns the key of the first package that provides each capability
// or, if none says so, that owns the file of that name.
func (db *database) providers() map[string]string {
	provider := make(map[string]string)
	for i, r := range db.all {
		for _, capability := range r.provides {
			if provider[capability] == "" {
				provider[capability] = db.frag.Components[i].Key
			}
		}
	}
	files := make(map[string]string) // by path, the required name
	for _, r := range db.all {
		for _, capability := range r.requires {
			if strings.HasPrefix(capability, "/") && provider[capability] == "" {
				if p, ok := ospkg.Path(db.root, capability); ok && p != "" {
					files[p] = capability
				}
			}
		}
	}
	for i := range db.frag.Claims {
		c := &db.frag.Claims[i]
		if capability, ok := files[c.Path]; ok && provider[capability] == "" {
			provider[capability] = c.Key
		}
	}
	return provider
}
