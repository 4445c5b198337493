package policy

import (
	"context"
	"fmt"
)

// NoDrift asks that everything that was seen to run is of the image and belongs to
// a component of it.
type NoDrift struct{}

// Evaluate denies once for each file that ran and is not the image's, or that
// belongs to nobody. It is indeterminate without an RBOM, and when the recorder
// lost observations.
func (r NoDrift) Evaluate(_ context.Context, e *Evidence) Outcome {
	o := Outcome{Rule: "no-drift"}
	if e.RBOM == nil {
		o.add(Reason{Verdict: Indeterminate, Code: "missing-rbom", Message: "It was not recorded what runs."})
		return o.settle()
	}
	for _, d := range e.RBOM.Drift {
		o.add(Reason{Verdict: Deny, Code: "drift-" + d.Kind, Path: d.Path,
			Message: fmt.Sprintf("%s ran, and is not as in the image (%s).", d.Path, d.Kind)})
	}
	for _, u := range e.RBOM.Unknown {
		o.add(Reason{Verdict: Deny, Code: "unknown-ran", Path: u.Path, Message: u.Path + " ran, and belongs to no component."})
	}
	if n := e.RBOM.Coverage.Lost; n > 0 {
		o.add(Reason{Verdict: Indeterminate, Code: "lost", Message: fmt.Sprintf("The recorder lost %d observations.", n)})
	}
	return o.settle()
}
