package attest

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"regexp/syntax"
)

// Identity is who signed.
type Identity struct {
	// KeyID is the base64 SHA-256 of the public key's DER SubjectPublicKeyInfo. Empty
	// for certificates, whose keys live for minutes.
	KeyID string `json:"keyID,omitempty"`
	// Name is the verifying party's own name for the signer, from [Key] or
	// [TrustedIdentity].
	Name string `json:"name,omitempty"`
	// Issuer and SAN are the identity provider and the subject alternative name
	// of a signing certificate. Empty for plain keys.
	Issuer string `json:"issuer,omitempty"`
	SAN    string `json:"san,omitempty"`
	// Claims are what else the certificate says of its holder.
	Claims Claims `json:"claims,omitzero"`
}

// Claims are what a certificate authority attests about the build that asked for a
// certificate: Fulcio's certificate extensions, OID 1.3.6.1.4.1.57264.1 and below
// (Fulcio, "oid-info.md"). Those of GitHub have a successor each and are missing in
// new certificates of other providers; certificates before 2023 have no others.
type Claims struct {
	// The numbers are the last arcs of the OIDs.
	GitHubWorkflowTrigger    string `json:"githubWorkflowTrigger,omitempty"`    // 2: "push"
	GitHubWorkflowSHA        string `json:"githubWorkflowSHA,omitempty"`        // 3: the commit
	GitHubWorkflowName       string `json:"githubWorkflowName,omitempty"`       // 4: "Release"
	GitHubWorkflowRepository string `json:"githubWorkflowRepository,omitempty"` // 5: "owner/name"
	GitHubWorkflowRef        string `json:"githubWorkflowRef,omitempty"`        // 6: "refs/tags/v1"

	BuildSignerURI                      string `json:"buildSignerURI,omitempty"`                      // 9: the workflow that signed
	BuildSignerDigest                   string `json:"buildSignerDigest,omitempty"`                   // 10: its commit
	RunnerEnvironment                   string `json:"runnerEnvironment,omitempty"`                   // 11: "github-hosted"
	SourceRepositoryURI                 string `json:"sourceRepositoryURI,omitempty"`                 // 12: "https://github.com/owner/name"
	SourceRepositoryDigest              string `json:"sourceRepositoryDigest,omitempty"`              // 13: the commit that was built
	SourceRepositoryRef                 string `json:"sourceRepositoryRef,omitempty"`                 // 14: "refs/tags/v1"
	SourceRepositoryIdentifier          string `json:"sourceRepositoryIdentifier,omitempty"`          // 15: survives renaming
	SourceRepositoryOwnerURI            string `json:"sourceRepositoryOwnerURI,omitempty"`            // 16
	SourceRepositoryOwnerIdentifier     string `json:"sourceRepositoryOwnerIdentifier,omitempty"`     // 17: survives renaming
	BuildConfigURI                      string `json:"buildConfigURI,omitempty"`                      // 18: the workflow that was triggered
	BuildConfigDigest                   string `json:"buildConfigDigest,omitempty"`                   // 19
	BuildTrigger                        string `json:"buildTrigger,omitempty"`                        // 20: "push"
	RunInvocationURI                    string `json:"runInvocationURI,omitempty"`                    // 21
	SourceRepositoryVisibilityAtSigning string `json:"sourceRepositoryVisibilityAtSigning,omitempty"` // 22: "public"
}

// MetBy reports whether got has every claim of c that is not empty, with exactly that
// value. The zero value is met by anything.
func (c Claims) MetBy(got Claims) bool {
	name, _, _ := c.missing(got)
	return name == ""
}

// missing returns the name of a claim that c demands and got lacks, or has with
// another value.
func (c Claims) missing(got Claims) (name, want, have string) {
	wanted, had := reflect.ValueOf(c), reflect.ValueOf(got)
	for i := range wanted.NumField() {
		w, h := wanted.Field(i).String(), had.Field(i).String()
		if w != "" && w != h {
			return wanted.Type().Field(i).Name, w, h
		}
	}
	return "", "", ""
}

// TrustedIdentity is a holder of certificates who may sign. Issuer and subject
// alternative name must both be given, each exactly or by a pattern; whoever
// controls any other account of the same provider would be trusted without.
type TrustedIdentity struct {
	// Name is what the identity is called in results. It may be empty. Identities of the
	// same name are one signer for [DistinctSigners]; without a name each SAN that a pattern
	// matches is a signer of its own.
	Name string
	// Issuer is the URL of the identity provider, compared exactly:
	// "https://token.actions.githubusercontent.com".
	Issuer string
	// IssuerPattern is a regular expression (RE2) in place of Issuer.
	IssuerPattern string
	// SAN is the subject alternative name, compared exactly: an e-mail address, a URI
	// such as "https://github.com/o/r/.github/workflows/w.yml@refs/tags/v1".
	SAN string
	// SANPattern is a regular expression (RE2) in place of SAN. Patterns must be
	// anchored: "^…$", with alternatives in parentheses. A dot stands for any
	// character, so write \. for a dot.
	SANPattern string
	// Claims that are not empty must be in the certificate with exactly this value.
	Claims Claims
}

// identityMatcher is a TrustedIdentity with its patterns compiled.
type identityMatcher struct {
	TrustedIdentity
	issuer, san *regexp.Regexp
}

func (t TrustedIdentity) matcher() (m identityMatcher, err error) {
	m.TrustedIdentity = t
	if m.issuer, err = oneOf("Issuer", t.Issuer, t.IssuerPattern); err != nil {
		return m, err
	}
	m.san, err = oneOf("SAN", t.SAN, t.SANPattern)
	return m, err
}

// oneOf wants either an exact value or a pattern, and compiles the pattern.
func oneOf(name, exact, pattern string) (*regexp.Regexp, error) {
	switch {
	case (exact == "") == (pattern == ""):
		return nil, fmt.Errorf("want one of %s and %sPattern", name, name)
	case exact != "":
		return nil, nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("%sPattern: %w", name, err)
	}
	if !anchored(pattern) {
		return nil, fmt.Errorf("%sPattern %q is not anchored: write ^(…)$", name, pattern)
	}
	return re, nil
}

// anchored reports whether a pattern matches whole texts only: that it is a
// sequence which begins at the beginning of the text and ends at its end. That "^a|b$"
// has both signs and is anchored in neither alternative is why signs are not looked for.
func anchored(pattern string) bool {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || re.Op != syntax.OpConcat || len(re.Sub) < 2 {
		return false
	}
	return re.Sub[0].Op == syntax.OpBeginText && re.Sub[len(re.Sub)-1].Op == syntax.OpEndText
}

// match says why id is not this identity, or nil.
func (m *identityMatcher) match(id Identity) error {
	if err := matchText("issuer", m.Issuer, m.issuer, id.Issuer); err != nil {
		return err
	}
	if err := matchText("SAN", m.SAN, m.san, id.SAN); err != nil {
		return err
	}
	if name, want, have := m.Claims.missing(id.Claims); name != "" {
		return fmt.Errorf("%s is %.200q, want %q", name, have, want)
	}
	return nil
}

func matchText(name, exact string, pattern *regexp.Regexp, got string) error {
	switch {
	case got == "":
		return fmt.Errorf("the certificate has no %s", name)
	case pattern != nil && !pattern.MatchString(got):
		return fmt.Errorf("%s is %.200q, want a match of %s", name, got, pattern)
	case pattern == nil && got != exact:
		return fmt.Errorf("%s is %.200q, want %q", name, got, exact)
	}
	return nil
}

// identify finds the trusted identity that id is. The error is an ErrIdentity.
func (j *judge) identify(id Identity) (Identity, error) {
	var reasons []error
	for i := range j.identities {
		err := j.identities[i].match(id)
		if err == nil {
			id.Name = j.identities[i].Name
			return id, nil
		}
		reasons = append(reasons, err)
	}
	if len(reasons) == 0 {
		return id, fmt.Errorf("%w: no identities are trusted, only keys", ErrIdentity)
	}
	return id, fmt.Errorf("%w: %w", ErrIdentity, errors.Join(reasons...))
}
