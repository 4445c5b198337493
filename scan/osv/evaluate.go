package osv

import (
	"slices"

	"github.com/imagetrust/imagetrust/sbom/identity"
)

// verdict is the outcome of an evaluation.
type verdict struct {
	affected bool
	// because is the interval or the enumerated version that decided, in words.
	because string
	// fixed are the versions that end the affected intervals the version is in.
	fixed []string
	// lastAffected: an interval ends with a last affected version, so there is
	// a version that is not affected, but nobody said which.
	lastAffected bool
	// err is the first version of the record that could not be ordered. The
	// ranges with such versions did not count.
	err error
}

// semver is an ecosystem whose versions are ordered by Semantic Versioning 2.0.
const semver identity.Ecosystem = "npm"

// julia calls its ranges SEMVER and means its own order, in which builds count:
// 0.20.1+1 is the fix of 0.20.1+0.
const julia identity.Ecosystem = "Julia"

// evaluate decides whether a version is affected (OSV schema, "Evaluation").
func evaluate(eco identity.Ecosystem, a *affected, version string) verdict {
	var v verdict
	for _, r := range a.ranges {
		order := eco
		if r.semver && eco != julia {
			order = semver
		}
		if err := v.inRange(order, r.events, version); err != nil && v.err == nil {
			v.err = err
		}
	}
	if !v.affected && a.lists(version) {
		v.affected, v.because = true, "version "+version
		v.fixed = fixedAfter(eco, a, version)
	}
	return v
}

// inRange evaluates one range and adds what it says to v.
func (v *verdict) inRange(eco identity.Ecosystem, events []event, version string) error {
	events, err := sortEvents(eco, events)
	if err != nil {
		return err
	}
	if ok, err := beforeLimits(eco, events, version); !ok || err != nil {
		return err
	}
	start, end := -1, -1 // The interval that version is in.
	for i, e := range events {
		if e.kind == eventLimit {
			continue
		}
		n, err := compareVersion(eco, version, e)
		if err != nil {
			return err
		}
		switch {
		case e.kind == eventIntroduced && n >= 0:
			if start < 0 {
				start = i
			}
			end = -1
		case e.kind == eventFixed && n >= 0, e.kind == eventLastAffected && n > 0:
			start, end = -1, -1
		case e.kind != eventIntroduced && start >= 0 && end < 0:
			end = i
		}
	}
	if start >= 0 {
		v.add(events, start, end)
	}
	return nil
}

// add notes that the version is in the interval of events start to end.
func (v *verdict) add(events []event, start, end int) {
	words := eventNames[eventIntroduced] + " " + events[start].version
	if end >= 0 {
		e := events[end]
		words += ", " + eventNames[e.kind] + " " + e.version
		if e.kind == eventFixed && !slices.Contains(v.fixed, e.version) {
			v.fixed = append(v.fixed, e.version)
		}
		v.lastAffected = v.lastAffected || e.kind == eventLastAffected
	}
	if v.affected {
		words = v.because + "; " + words
	}
	v.affected, v.because = true, words
}

// compareVersion orders a version and an event's; "0" of introduced is before
// all versions.
func compareVersion(eco identity.Ecosystem, version string, e event) (int, error) {
	if e.kind == eventIntroduced && e.version == "0" {
		return 1, nil
	}
	return identity.Compare(eco, version, e.version)
}

// sortEvents returns the events in version order. Events of one version stay in
// the record's order: "fixed 2, introduced 2" continues, "introduced 2, fixed 2" is
// empty.
func sortEvents(eco identity.Ecosystem, events []event) ([]event, error) {
	if len(events) < 2 || len(events) == 2 && events[0] == (event{eventIntroduced, "0"}) {
		return events, nil
	}
	var failed error
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b event) int {
		n, err := compareEvents(eco, a, b)
		if err != nil {
			failed = err
		}
		return n
	})
	return sorted, failed
}

func compareEvents(eco identity.Ecosystem, a, b event) (int, error) {
	aFirst, bFirst := a == event{eventIntroduced, "0"}, b == event{eventIntroduced, "0"}
	aLast, bLast := a == event{eventLimit, "*"}, b == event{eventLimit, "*"}
	switch {
	case aFirst == bFirst && aFirst, aLast == bLast && aLast:
		return 0, nil
	case aFirst || bLast:
		return -1, nil
	case bFirst || aLast:
		return 1, nil
	}
	return identity.Compare(eco, a.version, b.version)
}

// beforeLimits reports whether a version is below one of the range's limits;
// no limit is "*", infinity.
func beforeLimits(eco identity.Ecosystem, events []event, version string) (bool, error) {
	limits := false
	for _, e := range events {
		if e.kind != eventLimit {
			continue
		}
		if e.version == "*" {
			return true, nil
		}
		limits = true
		n, err := identity.Compare(eco, version, e.version)
		if err != nil {
			return false, err
		}
		if n < 0 {
			return true, nil
		}
	}
	return !limits, nil
}

// fixedAfter returns the fixed versions of all ranges that are newer than a
// version which is only enumerated.
func fixedAfter(eco identity.Ecosystem, a *affected, version string) []string {
	var out []string
	for _, r := range a.ranges {
		for _, e := range r.events {
			if e.kind != eventFixed || slices.Contains(out, e.version) {
				continue
			}
			if n, err := identity.Compare(eco, e.version, version); err == nil && n > 0 {
				out = append(out, e.version)
			}
		}
	}
	return out
}

// statesFixed reports whether the ranges say that the version has the fix: it
// is at or after a fixed version, and in no affected interval.
func statesFixed(eco identity.Ecosystem, a *affected, version string) (fixedIn string, ok bool) {
	for _, r := range a.ranges {
		for _, e := range r.events {
			if e.kind != eventFixed {
				continue
			}
			if n, err := identity.Compare(eco, version, e.version); err == nil && n >= 0 {
				fixedIn, ok = e.version, true
			}
		}
	}
	return fixedIn, ok
}
