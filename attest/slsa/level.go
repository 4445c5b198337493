package slsa

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/internal/misleading"
)

// Level is a SLSA Build level.
type Level int

// The levels of the build track (SLSA v1, "Build track basics").
const (
	Level0 Level = iota // nothing is supported
	Level1              // provenance exists
	Level2              // signed, by a hosted platform
	Level3              // and builds are isolated from each other and from the signing
)

// String returns the level as verification summaries write it:
// "SLSA_BUILD_LEVEL_3".
func (l Level) String() string { return fmt.Sprintf("%s%d", levelPrefix, int(l)) }

const levelPrefix = "SLSA_BUILD_LEVEL_"

// ParseLevel reads what String writes, for the levels that exist.
func ParseLevel(s string) (Level, bool) {
	for l := Level0; l <= Level3; l++ {
		if s == l.String() {
			return l, true
		}
	}
	return Level0, false
}

// Requirement is one of those that a level consists of.
type Requirement string

// The requirements, in the order of an assessment. BuilderTrusted is not one of the
// build track but the first step of verifying ("Verifying artifacts"); the others are
// those of "Producing artifacts".
const (
	BuilderTrusted Requirement = "builder-trusted"
	Exists         Requirement = "provenance-exists"
	Authentic      Requirement = "provenance-authentic"
	Hosted         Requirement = "hosted"
	Unforgeable    Requirement = "provenance-unforgeable"
	Isolated       Requirement = "isolated"
)

// Result is how one requirement was judged.
type Result struct {
	Requirement Requirement `json:"requirement"`
	// From is the lowest level that needs it.
	From Level `json:"from"`
	Met  bool  `json:"met"`
	// Reason says what it rests on, or what is missing.
	Reason string `json:"reason"`
}

// Assessment is the level that a build's provenance supports, and why.
type Assessment struct {
	// Level is the highest of which all requirements are met.
	Level Level `json:"level"`
	// Results has one entry for each requirement.
	Results []Result `json:"results"`
}

// TrustedBuilder is a builder that is trusted up to a level if the right one signs
// for it: an entry of SLSA's roots of trust. Anybody can sign provenance that names
// a good builder, so one without a signer is never trusted.
type TrustedBuilder struct {
	// ID is the builder's id. One that ends in "/" or "@" stands for all ids that begin
	// with it.
	ID string
	// Level up to which the builder is trusted, by one's own judgement of it.
	Level Level
	// Signer is who speaks for the builder: the members that are not empty must be
	// those of the signer. A SAN that ends in "/" or "@" stands for all that begin with
	// it.
	Signer attest.Identity
	// SignerIsBuilder asks that the signer's SAN is the builder's id, as for workflows
	// that sign for themselves. Signer must name the issuer then.
	SignerIsBuilder bool
}

// Assess says which level the provenance supports if builders are those that are
// trusted. Of several entries that fit, the highest level counts. A Build that did
// not come from [Read] supports none. What a document cannot show, such as isolation,
// rests on the trust in the builder, and the reason says so; what it can show is
// checked.
func (b *Build) Assess(builders ...TrustedBuilder) Assessment {
	trust, speaker, distrust := b.trusted(builders)
	upTo := fmt.Sprintf("%.200q is trusted up to level %d", b.Builder, trust)
	rests := func(r Requirement, from Level, against string) Result {
		switch {
		case against != "":
			return Result{r, from, false, against}
		case trust < from:
			return Result{r, from, false, cmp.Or(distrust, upTo)}
		}
		return Result{r, from, true, upTo}
	}
	a := Assessment{Results: []Result{
		rests(BuilderTrusted, Level1, ""),
		b.exists(),
		b.authentic(trust, speaker, distrust),
		rests(Hosted, Level2, b.selfHosted()),
		rests(Unforgeable, Level3, b.incomplete()),
		rests(Isolated, Level3, ""),
	}}
	a.Level = Level3
	for _, r := range a.Results {
		if !r.Met {
			a.Level = min(a.Level, r.From-1)
		}
	}
	return a
}

// trusted returns the level up to which the builder is trusted and the signer who speaks
// for it, or why it is not trusted at all.
func (b *Build) trusted(builders []TrustedBuilder) (level Level, speaker attest.Identity, why string) {
	switch {
	case len(b.signers) == 0:
		return Level0, speaker, "nobody signed the provenance, and anybody can write it"
	case b.Builder == "":
		return Level0, speaker, "the provenance names no builder"
	}
	known := false
	for _, t := range builders {
		if !matches(t.ID, b.Builder) {
			continue
		}
		known = true
		for _, id := range b.signers { // in whatever order: nobody signs that
			if t.Level > level && t.signedBy(id, b.Builder) {
				level, speaker = t.Level, id
			}
		}
	}
	switch {
	case level > Level0:
		return min(level, Level3), speaker, ""
	case known:
		return Level0, speaker, fmt.Sprintf("the signer %s is not trusted to speak for %.200q", describe(b.signers[0]), b.Builder)
	default:
		return Level0, speaker, fmt.Sprintf("nothing is known about the builder %.200q", b.Builder)
	}
}

func (t TrustedBuilder) signedBy(id attest.Identity, builder string) bool {
	want := t.Signer
	if want == (attest.Identity{}) || t.SignerIsBuilder && (want.Issuer == "" || id.SAN != builder) {
		return false
	}
	same := func(want, got string) bool { return want == "" || want == got }
	return same(want.KeyID, id.KeyID) && same(want.Name, id.Name) && same(want.Issuer, id.Issuer) &&
		(want.SAN == "" || matches(want.SAN, id.SAN)) && want.Claims.MetBy(id.Claims)
}

// matches reports whether a pattern stands for s.
func matches(pattern, s string) bool {
	if pattern == "" || misleading.URI(s) {
		return false
	}
	prefix := strings.HasSuffix(pattern, "/") || strings.HasSuffix(pattern, "@")
	return s == pattern || prefix && strings.HasPrefix(s, pattern)
}

func describe(id attest.Identity) string {
	for _, s := range []string{id.SAN, id.Name, id.KeyID} {
		if s != "" {
			return fmt.Sprintf("%.200q", s)
		}
	}
	return "without a name"
}

// exists judges that the provenance describes one build. That it names its subject by
// digest was checked when the statement was verified.
func (b *Build) exists() Result {
	r := Result{Requirement: Exists, From: Level1}
	switch {
	case b.Builder == "" || b.BuildType == "":
		r.Reason = "the provenance names no builder or no build type"
	case len(b.Contradictions) > 0:
		r.Reason = "the provenance contradicts itself: " + b.Contradictions[0]
	default:
		r.Met, r.Reason = true, "the provenance names the builder and how it built"
	}
	return r
}

func (b *Build) authentic(trust Level, speaker attest.Identity, distrust string) Result {
	r := Result{Requirement: Authentic, From: Level2}
	switch {
	case trust == Level0:
		r.Reason = distrust
	default:
		r.Met, r.Reason = true, fmt.Sprintf("signed by %s, who speaks for the builder", describe(speaker))
	}
	return r
}

// selfHosted says why the provenance excludes a hosted platform.
func (b *Build) selfHosted() string {
	vars := membersOf(b.Internal)
	for _, s := range []string{vars.object("github").text("runner_environment"), vars.text("RUNNER_ENVIRONMENT")} {
		if s == "self-hosted" {
			return "the provenance says that the runner was self-hosted"
		}
	}
	if b.Builder == "https://github.com/actions/runner/self-hosted" {
		return "the builder's id says that the runner was self-hosted"
	}
	return ""
}

// incomplete says why the provenance is not complete enough for level 3.
func (b *Build) incomplete() string {
	if b.ParametersComplete != nil && !*b.ParametersComplete {
		return "the provenance says that it does not list all parameters"
	}
	return ""
}
