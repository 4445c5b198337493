// Package slsa reads build provenance of every version and builder into one form,
// and says which SLSA Build level it supports and why.
//
// [Read] takes a verified statement with SLSA provenance v0.1, v0.2 or v1 and
// returns a [Build]: who built, from which source and commit, by which entry point
// and parameters, with which materials. Where those stand differs by the builder, and
// is known of the SLSA GitHub generator, GitHub artifact attestations, npm, Tekton
// Chains, BuildKit and Google Cloud Build; of others, what the specification says is
// read.
//
// # What a level is worth
//
// Provenance is what a builder says of itself, and anybody can write it. A level
// is therefore never read from it. [Build.Assess] looks the builder up among those
// that the caller trusts, each with the signer who speaks for it and the level up to
// which it is trusted ("roots of trust" of SLSA v1, Verifying artifacts), checks what
// the document itself can contradict, and gives a reason for each requirement.
// Unsigned provenance, and a builder whom nobody vouches for, support no level.
//
// The package links the standard library only.
package slsa
