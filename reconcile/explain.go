package reconcile

// String returns the difference in one line: what, where, why.
func (d *Difference) String() string { return string(d.Kind) + " " + d.Cause.Words() }
