package osv

import (
	"time"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
	"github.com/imagetrust/imagetrust/scan"
)

// Advisory is what one record says about one package.
type Advisory struct {
	// ID of the record, and the other ids of the same vulnerability.
	ID      string
	Aliases []string
	// Related are the ids of upstream and related vulnerabilities.
	Related []string
	// Published and Modified are the record's dates; zero when not stated.
	Published, Modified time.Time
	// Record is the digest of the record as published.
	Record sbom.Digest
	// URL is a page about it.
	URL string
	// Ecosystem and Package as the record spells them.
	Ecosystem identity.Ecosystem
	Package   string
	// Scores are the severities of the record and of the package.
	Scores []scan.Score

	affected affected
}

// Lookup returns all advisories about a package, whatever the version. The name
// is one that identity.LookupName gives. The error wraps ErrCorrupt.
func (db *DB) Lookup(eco identity.Ecosystem, name string) ([]Advisory, error) {
	ps, err := db.lookup(eco, name)
	if err != nil {
		return nil, err
	}
	var out []Advisory
	for i := range ps {
		f, err := db.facts(ps[i].record)
		if err != nil {
			return nil, err
		}
		out = append(out, Advisory{ID: f.id, Aliases: f.aliases, Related: f.links(), Published: f.published, Modified: f.modified,
			Record: f.digestString(), URL: f.url, Ecosystem: identity.Ecosystem(ps[i].ecosystem), Package: ps[i].name,
			Scores: scores(databaseOf(f.id), ps[i].severities, f.severities), affected: ps[i].affected})
	}
	return out, nil
}

// Affects evaluates the advisory for a version and says in words which range or
// enumerated version decided. The error is that of identity.Compare for a
// version that cannot be ordered; the ranges without such versions still count.
func (a *Advisory) Affects(version string) (affected bool, because string, err error) {
	v := evaluate(a.Ecosystem, &a.affected, version)
	return v.affected, v.because, v.err
}
