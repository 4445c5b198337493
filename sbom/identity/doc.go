// Package identity decides when two spellings of a package name one package,
// by which name advisories know it, and how its versions are ordered.
//
// Equality of package URLs byte by byte does not serve: two generators that
// read the same image agree on a quarter of the purls of the same packages, or
// on none. What differs is spelling: a distro qualifier, a missing namespace, an
// epoch, a "v".
//
// # Names for advisories
//
// [EcosystemOf] gives the OSV ecosystem of a component, release included, and
// [LookupName] the name and version under which that ecosystem's advisories know
// it. For a distribution's package that is mostly its source package. [Compare]
// orders two versions by the rules of an ecosystem.
//
// # Names for correlation
//
// [Canonical] gives a component's [Key]s, one per [Level], and the [Rewrite]s that
// led from the spelling found to each of them. Components whose keys are equal
// at a level are one component, and the rewrites up to that level are the proof.
//
// All functions are pure, safe for concurrent use, and take hostile input: time
// is linear in the length of their arguments, save [Compare], which refuses
// versions over [MaxVersionLength].
package identity
