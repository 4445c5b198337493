// Package nix detects the contents of a Nix store by the database of the store.
//
// # What is read
//
// nix/var/nix/db/db.sqlite: the valid paths of the store, the hash of each, which
// derivation made it, and what it refers to (Nix, "Glossary": store path, reference).
// Images that are made by nix itself have it, and those of dockerTools with includeNixDB.
// A database below another directory is that of another root.
//
// A store without a database is not read: its packages are nothing but names of
// directories.
//
// # What is owned
//
// The directory of every store path that is a package. Nix records no digests of files; the
// hash of the whole path, as an archive (NAR), is the component's.
//
// # What is checked
//
// Store paths without a version in their name are no packages (sources, scripts,
// environments); a gap says how many there are. So are malformed rows. A write-ahead log
// that was not written back is a gap.
//
// # Identity
//
// A name such as "zlib-1.3-dev" has the package's name, its version and the output, which
// its derivation tells apart; without one, the version begins behind the first hyphen
// that no letter follows (Nix, builtins.parseDrvName), and the usual outputs are
// known. The key is the store path, with its hash: several builds of one version can
// be in a store. Licences are known to the expressions alone that a package was made
// of.
//
// # Limits
//
// A database may have 256 MiB, 1<<17 paths and 1<<19 references.
package nix

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/internal/sqlite"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

const (
	maxFile      = 256 << 20
	maxPaths     = 1 << 17
	maxRelations = 1 << 19
	maxRow       = 1 << 20
	// relationCost is what a relation costs beside its strings, in bytes.
	relationCost = 48
)

const (
	databaseFile = "nix/var/nix/db/db.sqlite"
	logFile      = databaseFile + "-wal"
	store        = "nix/store"
)

// New returns the detector. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "nix", Version: "1"} }

// Coverage implements detect.Covering.
func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem:    "Nix, NixOS",
		Reads:        []string{"nix/var/nix/db/db.sqlite", "nix/var/nix/db/db.sqlite-wal"},
		PURLs:        []string{"nix"},
		Scopes:       []sbom.Scope{sbom.ScopeInstalled},
		Owns:         []sbom.Claim{sbom.ClaimDirectory},
		Dependencies: true,
	}
}

// Wants implements detect.Detector.
func (detector) Wants(e *detect.Entry) bool {
	if _, ok := ospkg.Root(e.Path, databaseFile); ok {
		return true
	}
	_, ok := ospkg.Root(e.Path, logFile)
	return ok && e.Size > 0
}

// Detect implements detect.Detector.
func (detector) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
	root, ok := ospkg.Root(f.Path, databaseFile)
	if !ok {
		return &detect.Fragment{Gaps: []sbom.Gap{{Kind: sbom.GapUnsupported,
			Message: "the database was not closed: changes in this file were not read"}}}, nil
	}
	if f.Size > maxFile {
		return nil, &detect.LimitError{Path: f.Path, Limit: maxFile, Size: f.Size}
	}
	db := &database{ctx: ctx, file: f, root: root, keys: make(map[int64]string), claims: ospkg.NewClaims(f, root, maxPaths), left: ospkg.PathBudget(f.Size)}
	err := db.readPaths()
	if err == nil {
		err = db.readReferences()
	}
	if db.unversioned > 0 {
		db.gaps.Add(sbom.GapIncomplete, "%d paths of the store have no version in their names, and are not listed", db.unversioned)
	}
	db.frag.Claims = db.claims.List()
	db.frag.Gaps = db.gaps.List()
	return &db.frag, err
}

// database is a database while it is read.
type database struct {
	ctx         context.Context
	file        *detect.File
	root        string
	frag        detect.Fragment
	claims      *ospkg.Claims
	gaps        ospkg.Gaps
	keys        map[int64]string // of components, by the number of their path
	unversioned int
	left        int64 // bytes that relations may still have
}

// rows calls read with every row of a table. Where some can be read, damage is a gap;
// a table that is not there, or no row, is the error.
func (db *database) rows(table string, read func(*sqlite.Row) error) error {
	var damage error
	n := 0
	for row, err := range sqlite.Rows(db.file, db.file.Size, table, maxRow) {
		if ctxErr := db.ctx.Err(); ctxErr != nil {
			return ctxErr
		}
		if err != nil {
			damage = err
			db.gaps.Add(kind(err), "table %s: %v", table, err)
			continue
		}
		n++
		if err := read(row); err != nil {
			return err
		}
	}
	if damage != nil && n == 0 {
		return fmt.Errorf("%s: table %s: %w: %w", db.file.Path, table, sentinel(damage), damage)
	}
	return nil
}

func kind(err error) sbom.GapKind {
	switch {
	case errors.Is(err, sqlite.ErrLimit):
		return sbom.GapLimit
	case errors.Is(err, sqlite.ErrUnsupported):
		return sbom.GapUnsupported
	}
	return sbom.GapCorrupt
}

func sentinel(err error) error {
	switch {
	case errors.Is(err, sqlite.ErrLimit):
		return detect.ErrLimit
	case errors.Is(err, sqlite.ErrUnsupported):
		return detect.ErrUnsupported
	}
	return detect.ErrFormat
}

// readPaths reads ValidPaths(id INTEGER PRIMARY KEY, path, hash, registrationTime, deriver, …).
func (db *database) readPaths() error {
	seen := make(map[string]bool)
	return db.rows("ValidPaths", func(row *sqlite.Row) error {
		text, _ := row.Text(1)
		base, ok := storePath(string(text))
		if !ok {
			db.gaps.Add(sbom.GapCorrupt, "%s is no path of the store", ospkg.Clip(string(text)))
			return nil
		}
		if strings.HasSuffix(base, ".drv") {
			return nil // How something was made, and not the thing.
		}
		deriver, _ := row.Text(4)
		p, ok := parse(base, string(deriver))
		if !ok {
			db.unversioned++
			return nil
		}
		key := ospkg.Join(db.root, base)
		if seen[key] {
			db.gaps.Add(sbom.GapCorrupt, "the path %s is there twice", ospkg.Clip(base))
			return nil
		}
		seen[key] = true
		db.keys[row.ID] = key
		hash, _ := row.Text(2)
		db.frag.Components = append(db.frag.Components, db.component(key, p, string(hash)))
		return db.claims.Add(detect.Claim{Key: key, Ground: sbom.ClaimDirectory, Tree: true}, store+"/"+base, &db.gaps)
	})
}

// component builds the component of a store path.
func (db *database) component(key string, p parts, hash string) detect.Component {
	c := detect.Component{Key: key}
	c.Type = sbom.TypeLibrary
	c.Name = p.name
	c.Version = p.version
	c.PURL = sbom.NewPURL("nix", "", p.name, p.version, map[string]string{"output": p.output})
	if d, err := sbom.ParseDigest(hash); err == nil {
		c.Hashes = []sbom.Digest{d}
	} else {
		db.gaps.Add(sbom.GapCorrupt, "the hash of %s is malformed: %s", key, ospkg.Clip(hash))
	}
	c.Properties = []sbom.Property{{Name: "nix:store-hash", Value: p.hash}}
	c.Evidence = []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 0.9, Value: p.hash + "-" + p.base}}
	return c
}

// readReferences reads Refs(referrer, reference): numbers of paths.
func (db *database) readReferences() error {
	return db.rows("Refs", func(row *sqlite.Row) error {
		from, _ := row.Integer(0)
		to, _ := row.Integer(1)
		referrer, reference := db.keys[from], db.keys[to]
		if referrer == "" || reference == "" || referrer == reference {
			return nil
		}
		if db.left -= int64(len(referrer)+len(reference)) + relationCost; db.left < 0 || len(db.frag.Relations) == maxRelations {
			return &detect.LimitError{Path: db.file.Path, Limit: maxRelations, What: "references"}
		}
		db.frag.Relations = append(db.frag.Relations, detect.Relation{From: referrer, To: reference, Type: sbom.DependsOn})
		return nil
	})
}
