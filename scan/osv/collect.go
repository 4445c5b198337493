package osv

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// collector gathers encoded records. Each worker of a build has its own.
type collector struct {
	records  []built
	rejected int
	failures []*RecordError
}

// built is a record ready to be written. Only its encoded parts are kept, which
// are a tenth of the JSON.
type built struct {
	id                     string
	digest                 [32]byte
	modified               time.Time
	withdrawn              bool
	unmatchable, gitRanges int
	facts                  []byte
	packages               []builtPackage
}

type builtPackage struct {
	key  string
	data []byte
}

func (c *collector) add(raw Raw) {
	err := raw.Err
	var r *rawRecord
	if err == nil {
		r, err = parseRecord(raw.JSON)
	}
	if err != nil {
		c.rejected++
		c.failures = append(c.failures, &RecordError{Name: raw.Name, Err: err})
		c.failures = c.failures[:min(len(c.failures), MaxFailures)]
		return
	}
	c.records = append(c.records, encodeRecord(r, raw.JSON))
}

func encodeRecord(r *rawRecord, raw []byte) built {
	f := r.facts(raw)
	b := built{id: r.ID, digest: f.digest, modified: f.modified, withdrawn: r.Withdrawn != ""}
	if b.withdrawn {
		return b
	}
	if len(r.Affected) == 0 {
		b.unmatchable = 1
	}
	for i := range r.Affected {
		for _, rng := range r.Affected[i].Ranges {
			if rng.Type != typeSemver && rng.Type != typeEcosystem {
				b.gitRanges++
			}
		}
		a, ok := r.Affected[i].affected()
		if !ok {
			b.unmatchable++
			continue
		}
		var e encoder
		key := keyOf(a.ecosystem, a.name)
		e.affected(&a, key)
		b.packages = append(b.packages, builtPackage{key: key, data: e.b})
	}
	var e encoder
	e.facts(&f)
	b.facts = e.b
	return b
}

// merge returns the usable records of all workers in the order of their ids,
// each id once, in its newest form.
func merge(workers []collector) ([]built, BuildStats) {
	var stats BuildStats
	var all []built
	for i := range workers {
		all = append(all, workers[i].records...)
		stats.Rejected += workers[i].rejected
		stats.Failures = append(stats.Failures, workers[i].failures...)
	}
	slices.SortFunc(stats.Failures, func(a, b *RecordError) int { return cmp.Compare(a.Name, b.Name) })
	stats.Failures = stats.Failures[:min(len(stats.Failures), MaxFailures)]
	slices.SortFunc(all, func(a, b built) int {
		return cmp.Or(cmp.Compare(a.id, b.id), b.modified.Compare(a.modified), bytes.Compare(a.digest[:], b.digest[:]))
	})
	n := len(all)
	all = slices.CompactFunc(all, func(a, b built) bool { return a.id == b.id })
	stats.Duplicates = n - len(all)
	all = slices.DeleteFunc(all, func(b built) bool { return stats.drop(&b) })
	return all, stats
}

// drop counts a record and reports whether nothing of it can be matched.
func (s *BuildStats) drop(b *built) bool {
	if b.withdrawn {
		s.Withdrawn++
		return true
	}
	s.Unmatchable += b.unmatchable
	s.GitRanges += b.gitRanges
	return len(b.packages) == 0
}
