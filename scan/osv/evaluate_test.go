package osv

import (
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/identity"
)

// rng builds a range out of kinds and versions, such as "introduced", "0".
func rng(semver bool, words ...string) versionRange {
	r := versionRange{semver: semver}
	for w := range slices.Chunk(words, 2) {
		r.events = append(r.events, event{eventKind(slices.Index(eventNames[:], w[0])), w[1]})
	}
	return r
}

// TestEvaluate follows the algorithm of the OSV schema, "Evaluation".
func TestEvaluate(t *testing.T) {
	debian, pypi, golang, maven := identity.Ecosystem("Debian:12"), identity.Ecosystem("PyPI"), identity.Ecosystem("Go"), identity.Ecosystem("Maven")
	for _, tc := range []struct {
		name    string
		eco     identity.Ecosystem
		a       affected
		version string
		because string // Empty for not affected.
		fixed   []string
		err     bool
	}{
		{name: "before the fix", eco: debian, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "fixed", "2.36-9+deb12u3")}},
			version: "2.36-9+deb12u1", because: "introduced 0, fixed 2.36-9+deb12u3", fixed: []string{"2.36-9+deb12u3"}},
		{name: "the fix itself", eco: debian, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "fixed", "2.36-9+deb12u3")}}, version: "2.36-9+deb12u3"},
		{name: "a tilde is before", eco: debian, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "fixed", "3.0.11-1~deb12u2")}},
			version: "3.0.11-1~deb12u1", because: "introduced 0, fixed 3.0.11-1~deb12u2", fixed: []string{"3.0.11-1~deb12u2"}},
		{name: "an epoch outweighs", eco: debian, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "fixed", "1:1.0")}},
			version: "9.9", because: "introduced 0, fixed 1:1.0", fixed: []string{"1:1.0"}},
		{name: "between two intervals", eco: golang, a: affected{ranges: []versionRange{rng(true, "introduced", "0", "fixed", "1.9.4", "introduced", "1.10.0", "fixed", "1.10.2")}}, version: "1.9.5"},
		{name: "in the second interval", eco: golang, a: affected{ranges: []versionRange{rng(true, "introduced", "0", "fixed", "1.9.4", "introduced", "1.10.0", "fixed", "1.10.2")}},
			version: "1.10.1", because: "introduced 1.10.0, fixed 1.10.2", fixed: []string{"1.10.2"}},
		{name: "events in any order", eco: golang, a: affected{ranges: []versionRange{rng(true, "fixed", "1.10.2", "fixed", "1.9.4", "introduced", "1.10.0", "introduced", "0")}},
			version: "1.0.0", because: "introduced 0, fixed 1.9.4", fixed: []string{"1.9.4"}},
		{name: "a pre-release is before", eco: golang, a: affected{ranges: []versionRange{rng(true, "introduced", "0", "fixed", "1.2.0")}},
			version: "1.2.0-rc.1", because: "introduced 0, fixed 1.2.0", fixed: []string{"1.2.0"}},
		{name: "no fix", eco: pypi, a: affected{ranges: []versionRange{rng(false, "introduced", "1.0")}}, version: "1.0.post1", because: "introduced 1.0"},
		{name: "before it was introduced", eco: pypi, a: affected{ranges: []versionRange{rng(false, "introduced", "1.0")}}, version: "1.0rc1"},
		{name: "the last affected", eco: pypi, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "last_affected", "1.0")}},
			version: "1.0.0", because: "introduced 0, last_affected 1.0"},
		{name: "after the last affected", eco: pypi, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "last_affected", "1.0")}}, version: "1.0.1"},
		{name: "introduced in the last affected", eco: pypi, a: affected{ranges: []versionRange{rng(false, "introduced", "1.0", "last_affected", "1.0")}},
			version: "1.0", because: "introduced 1.0, last_affected 1.0"},
		{name: "below the limit", eco: pypi, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "limit", "2.0")}}, version: "1.0", because: "introduced 0"},
		{name: "at the limit", eco: pypi, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "limit", "2.0")}}, version: "2.0"},
		{name: "below one of two limits", eco: pypi, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "limit", "2.0", "limit", "3.0")}}, version: "2.5", because: "introduced 0"},
		{name: "no limit", eco: pypi, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "limit", "*", "fixed", "3")}}, version: "2.5",
			because: "introduced 0, fixed 3", fixed: []string{"3"}},
		{name: "fixed and introduced again at once", eco: pypi, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "fixed", "2", "introduced", "2", "fixed", "3")}},
			version: "2", because: "introduced 2, fixed 3", fixed: []string{"3"}},
		{name: "introduced and fixed at once", eco: pypi, a: affected{ranges: []versionRange{rng(false, "introduced", "2", "fixed", "2")}}, version: "2"},
		{name: "never affected", eco: debian, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "fixed", "0")}}, version: "1.0-1"},
		{name: "enumerated", eco: maven, a: affected{versions: []string{"1.0", "1.1"}}, version: "1.1", because: "version 1.1"},
		{name: "enumerated is exact", eco: maven, a: affected{versions: []string{"1.0", "1.1"}}, version: "1.1.0"},
		{name: "enumerated beside a range", eco: pypi, a: affected{versions: []string{"3.0"}, ranges: []versionRange{rng(false, "introduced", "0", "fixed", "2.0"), rng(false, "introduced", "2.5", "fixed", "3.1")}},
			version: "3.0", because: "introduced 2.5, fixed 3.1", fixed: []string{"3.1"}},
		{name: "enumerated outside of the ranges", eco: pypi, a: affected{versions: []string{"3.0"}, ranges: []versionRange{rng(false, "introduced", "0", "fixed", "2.0"), rng(false, "introduced", "3.1", "fixed", "3.2")}},
			version: "3.0", because: "version 3.0", fixed: []string{"3.2"}},
		{name: "two ranges", eco: pypi, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "fixed", "2.0"), rng(false, "introduced", "0.5", "fixed", "3.0")}},
			version: "1.0", because: "introduced 0, fixed 2.0; introduced 0.5, fixed 3.0", fixed: []string{"2.0", "3.0"}},
		{name: "a range that cannot be ordered", eco: debian, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "fixed", "x:1")}}, version: "1.0", err: true},
		{name: "one of two ranges cannot be ordered", eco: debian, a: affected{ranges: []versionRange{rng(false, "introduced", "0", "fixed", "x:1"), rng(false, "introduced", "0", "fixed", "2")}},
			version: "1.0", because: "introduced 0, fixed 2", fixed: []string{"2"}, err: true},
		{name: "a version that cannot be ordered, enumerated", eco: debian, a: affected{versions: []string{"x:1"}, ranges: []versionRange{rng(false, "introduced", "0", "fixed", "2")}},
			version: "x:1", because: "version x:1", err: true},
		{name: "nothing said", eco: pypi, a: affected{}, version: "1.0"},
		{name: "a range without events", eco: pypi, a: affected{ranges: []versionRange{{}}}, version: "1.0"},
		{name: "a range without introduced", eco: pypi, a: affected{ranges: []versionRange{rng(false, "fixed", "2.0")}}, version: "1.0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			// Both as a record is built and as it comes out of an index.
			for _, a := range []affected{tc.a, roundTrip(t, tc.a)} {
				v := evaluate(tc.eco, &a, tc.version)
				if v.affected != (tc.because != "") || v.because != tc.because || !slices.Equal(v.fixed, tc.fixed) || (v.err != nil) != tc.err {
					t.Errorf("got %+v", v)
				}
			}
		})
	}
}

// roundTrip encodes and decodes.
func roundTrip(t *testing.T, a affected) affected {
	t.Helper()
	var e encoder
	e.affected(&a, "")
	d := decoder{b: e.b}
	out := d.affected("")
	if d.bad || len(d.b) != 0 {
		t.Fatalf("decoding failed: %+v", d)
	}
	return out
}

func TestStatesFixed(t *testing.T) {
	a := affected{ranges: []versionRange{rng(false, "introduced", "0", "fixed", "2.0-1")}}
	if in, ok := statesFixed("Debian:12", &a, "2.0-2"); !ok || in != "2.0-1" {
		t.Errorf("got %q, %v", in, ok)
	}
	if _, ok := statesFixed("Debian:12", &a, "1.0-1"); ok {
		t.Error("an affected version is said to be fixed")
	}
	if _, ok := statesFixed("Debian:12", &affected{}, "1.0-1"); ok {
		t.Error("silence is taken for a fix")
	}
}
