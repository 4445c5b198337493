// Package reconcile compares any number of inventories and vulnerability reports
// of one image, and says for every difference what caused it and on what proof.
//
// # How
//
// Components are joined by the levels of package identity: byte-equal purls first,
// then with more and more spelling forgiven, at last by the same file. Findings
// are joined by component and by alias group. What is left is classified: each
// [Difference] has exactly one [Cause], a [Certainty], and a [Proof] that cites
// the inputs by document digest, component id and JSON pointer. [Verify] finds
// every proof again in the inputs alone.
//
// Near-misses are never joined: not by name alone, not across ecosystems, not
// several to one. What cannot be explained is said to be unexplained. Severity
// is no part of a finding's identity: tools that agree on a finding differ in
// its label more often than not, which is a difference of its own kind.
//
// # Absence
//
// That a document lacks a component means something only when the document
// would list it. Reports that name only components with findings are never said
// to lack one.
//
// # Cost
//
// Time and memory are linear in the inputs. The result is the same for the same
// inputs in the same order. Nothing is read, and the inputs are not changed.
package reconcile
