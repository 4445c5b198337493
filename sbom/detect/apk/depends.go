package apk

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// relations connects each package with those that provide what it depends on:
// by name, or by a provided name such as "so:libz.so.1" or "cmd:sh". What nothing
// in the database provides is left out: apk installs no such package.
func (db *database) relations() error {
	provider := db.providers()
	for _, r := range db.all {
		if err := db.ctx.Err(); err != nil {
			return err
		}
		first := len(db.frag.Relations)
		for dep := range strings.FieldsSeq(r.depends) {
			to := provider[capability(dep)]
			if to == "" || to == r.key {
				continue
			}
			if len(db.frag.Relations) == maxRelations {
				return &detect.LimitError{Path: db.path, Limit: maxRelations, What: "dependencies"}
			}
			db.frag.Relations = append(db.frag.Relations, detect.Relation{From: r.key, To: to, Type: sbom.DependsOn})
		}
		db.frag.Relations = append(db.frag.Relations[:first], ospkg.Dedupe(db.frag.Relations[first:])...)
	}
	return nil
}

// providers returns the key of the package behind each name: the package of that
// name, else the first that provides it.
func (db *database) providers() map[string]string {
	m := make(map[string]string, 4*len(db.all))
	for _, r := range db.all {
		m[r.name] = r.key
	}
	for _, r := range db.all {
		for p := range strings.FieldsSeq(r.provides) {
			name := capability(p)
			if _, ok := m[name]; !ok && name != "" {
				m[name] = r.key
			}
		}
	}
	return m
}

// capability returns the name in "name@tag>=1.0"; empty for a conflict ("!name").
func capability(dep string) string {
	if strings.HasPrefix(dep, "!") || len(dep) > ospkg.MaxPath {
		return ""
	}
	if i := strings.IndexAny(dep, "<>=~@"); i >= 0 {
		dep = dep[:i]
	}
	return dep
}
