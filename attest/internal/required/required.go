// Package required reports what a predicate lacks.
package required

import "fmt"

// Member is something that a predicate must have.
type Member struct {
	lack    string
	present bool
}

// That returns the member that is lacking, as in "verifier.id is empty", unless it
// is present.
func That(lack string, present bool) Member { return Member{lack, present} }

// Check returns base with the lack of the first member that is not present, nil if
// all are.
func Check(base error, members ...Member) error {
	for _, m := range members {
		if !m.present {
			return fmt.Errorf("%w: %s", base, m.lack)
		}
	}
	return nil
}
