package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/attest"
)

// ProvenanceFrom asks that a trusted builder made the image from allowed source
// (SLSA provenance v1).
type ProvenanceFrom struct {
	// Builders are the allowed builder ids. One that ends in "/" or "@" allows all
	// ids that begin with it; any other must match whole.
	Builders []string
	// Sources are the allowed source repositories, such as
	// "https://github.com/acme/app". They match the repository, whatever the
	// revision; one that ends in "/" allows all repositories below it.
	Sources []string
	// Signers who are trusted to speak for the builders; any whose key the verifier
	// knows, if empty.
	Signers []Signer
}

// Evaluate allows if at least one provenance fits in both. It denies when all that there
// is names another builder or source, and is indeterminate when there is none, or when it
// names no source.
func (r ProvenanceFrom) Evaluate(_ context.Context, e *Evidence) Outcome {
	o := Outcome{Rule: "provenance-from"}
	found := pick(&o, e, []string{attest.TypeSLSAProvenance1}, r.Signers)
	for _, a := range found {
		one := Outcome{}
		r.check(&one, a)
		if len(one.Reasons) == 0 {
			return Outcome{Rule: o.Rule, Verdict: Allow}
		}
		o.Reasons = append(o.Reasons, one.Reasons...)
	}
	if len(o.Reasons) == 0 {
		o.add(Reason{Verdict: Indeterminate, Code: "missing-provenance", Message: "It is not attested how the image was built."})
	}
	return o.settle()
}

func (r ProvenanceFrom) check(o *Outcome, a *attest.Verified) {
	p, err := attest.DecodePredicate[attest.SLSAProvenance](a)
	if err != nil {
		o.add(Reason{Verdict: Indeterminate, Code: "bad-provenance", Message: fmt.Sprintf("The provenance cannot be read: %v.", err)})
		return
	}
	if id := p.RunDetails.Builder.ID; !allowed(r.Builders, id) {
		o.add(Reason{Verdict: Deny, Code: "builder", Message: fmt.Sprintf("The image was built by %q, which is not allowed.", id)})
	}
	repos := sources(p)
	if len(repos) == 0 {
		o.add(Reason{Verdict: Indeterminate, Code: "no-source", Message: "The provenance names no source repository."})
	}
	for _, repo := range repos {
		if !allowed(r.Sources, repo) {
			o.add(Reason{Verdict: Deny, Code: "source", Message: fmt.Sprintf("The image was built from %q, which is not allowed.", repo)})
		}
	}
}

func allowed(patterns []string, s string) bool {
	if misleading(s) {
		return false
	}
	for _, p := range patterns {
		prefix := strings.HasSuffix(p, "/") || strings.HasSuffix(p, "@")
		if s == p || prefix && strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// sources returns the repositories that the provenance names as what was built:
// the workflow's repository of GitHub's build types, the source parameter that others use,
// and, where there is neither, the version control URIs among the resolved
// dependencies.
func sources(p *attest.SLSAProvenance) (repos []string) {
	params := members(p.BuildDefinition.ExternalParameters)
	for _, uri := range []string{text(members(params["workflow"])["repository"]), sourceURI(params["source"])} {
		if uri != "" {
			repos = append(repos, repository(uri))
		}
	}
	if len(repos) > 0 {
		return repos
	}
	for _, d := range p.BuildDefinition.ResolvedDependencies {
		if strings.HasPrefix(d.URI, "git+") {
			repos = append(repos, repository(d.URI))
		}
	}
	return repos
}

// members returns the members of an object, nil of anything else. Names count in
// their own case: a field of a struct would take "Source" for "source", which
// may be another parameter.
func members(b json.RawMessage) (m map[string]json.RawMessage) {
	_ = json.Unmarshal(b, &m)
	return m
}

func text(b json.RawMessage) (s string) {
	_ = json.Unmarshal(b, &s)
	return s
}

// sourceURI reads a parameter that is a URI, or an object with one.
func sourceURI(b json.RawMessage) string {
	if s := text(b); s != "" {
		return s
	}
	return text(members(b)["uri"])
}

// repository cuts a version control URI (SPDX download location) down to the
// repository: git+https://host/repo.git@revision#path becomes https://host/repo. One
// that leads elsewhere than it seems to stays whole, and matches no repository.
func repository(uri string) string {
	if misleading(uri) {
		return uri
	}
	uri = strings.TrimPrefix(uri, "git+")
	uri, _, _ = strings.Cut(uri, "#")
	uri, _, _ = strings.Cut(uri, "?")
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return uri
	}
	host, repo, _ := strings.Cut(rest, "/")
	repo, _, _ = strings.Cut(repo, "@")
	if _, h, ok := strings.Cut(host, "@"); ok {
		host = h // user information proves nothing
	}
	return scheme + "://" + host + "/" + strings.TrimSuffix(strings.TrimSuffix(repo, "/"), ".git")
}

// misleading reports whether a URI may lead elsewhere than its text begins: a client
// that fetches it resolves "..", also when it is escaped, before it asks the host,
// and takes a backslash for a slash.
func misleading(uri string) bool {
	uri = unescape.Replace(uri)
	if strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return true
	}
	elems := strings.FieldsFunc(uri, func(r rune) bool { return strings.ContainsRune("/@?#", r) })
	return slices.Contains(elems, ".") || slices.Contains(elems, "..")
}

// unescape decodes the escapes that change where a URI leads.
var unescape = strings.NewReplacer("%2e", ".", "%2E", ".", "%2f", "/", "%2F", "/", "%5c", `\`, "%5C", `\`)
