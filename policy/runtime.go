package policy

import (
	"context"
	"fmt"

	"github.com/imagetrust/imagetrust/rbom"
)

// NoDrift asks that everything that was seen to run is of the image and belongs to
// a component of it.
type NoDrift struct{}

// Evaluate denies once for each file that ran and is not the image's, or that
// belongs to nobody. It is indeterminate without an RBOM, or with one in which nothing
// ran, for files whose digests could not be compared, and when the recorder lost
// observations or could not read all processes.
func (r NoDrift) Evaluate(_ context.Context, e *Evidence) Outcome {
	o := Outcome{Rule: "no-drift"}
	b := e.RBOM
	if b == nil {
		o.add(Reason{Verdict: Indeterminate, Code: "missing-rbom", Message: "It was not recorded what runs."})
		return o.settle()
	}
	for _, d := range b.Drift {
		o.add(Reason{Verdict: Deny, Code: "drift-" + d.Kind, Path: d.Path,
			Message: fmt.Sprintf("%s ran, and is not as in the image (%s).", d.Path, d.Kind)})
	}
	for _, u := range b.Unknown {
		o.add(Reason{Verdict: Deny, Code: "unknown-ran", Path: u.Path, Message: u.Path + " ran, and belongs to no component."})
	}
	for _, p := range b.Unchecked {
		o.add(Reason{Verdict: Indeterminate, Code: "unchecked-ran", Path: p, Message: p + " ran, and was not compared with the image's."})
	}
	r.coverage(&o, b)
	return o.settle()
}

// coverage adds a reason for everything that may have run unseen.
func (NoDrift) coverage(o *Outcome, b *rbom.RBOM) {
	if len(b.Usage)+len(b.Unknown)+len(b.Drift) == 0 {
		o.add(Reason{Verdict: Indeterminate, Code: "nothing-ran", Message: "Nothing was seen to run."})
	}
	if n := b.Coverage.Lost; n > 0 {
		o.add(Reason{Verdict: Indeterminate, Code: "lost", Message: fmt.Sprintf("The recorder lost %d observations.", n)})
	}
	if n := len(b.Coverage.Gaps); n > 0 {
		o.add(Reason{Verdict: Indeterminate, Code: "recorder-gap", Path: b.Coverage.Gaps[0].Path,
			Message: fmt.Sprintf("The recorder could not read everything (%d gaps), such as %s.", n, b.Coverage.Gaps[0].Path)})
	}
}
