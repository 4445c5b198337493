package slsa

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/internal/misleading"
)

// newSource reads a URI and the digests that stand beside it.
func newSource(uri string, digest map[string]string, from string) Source {
	s := Source{URI: uri, Digest: digest, From: from}
	s.Repository, s.Ref = splitSource(uri)
	s.Commit = commitOf(digest)
	return s
}

// splitSource takes a version control URI apart into the repository and the
// revision. It reads the forms of SPDX (git+https://host/repo.git@rev#path) and of
// BuildKit (https://host/repo.git#rev:path). What is no repository, or may lead
// elsewhere than it seems to, has neither.
func splitSource(uri string) (repository, ref string) {
	if misleading.URI(uri) {
		return "", ""
	}
	uri, fragment, _ := strings.Cut(strings.TrimPrefix(uri, "git+"), "#")
	uri, _, _ = strings.Cut(uri, "?")
	scheme, rest, _ := strings.Cut(uri, "://")
	if !slices.Contains([]string{"https", "http", "ssh", "git"}, scheme) {
		return "", ""
	}
	host, path, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:] // user information proves nothing
	}
	path, ref, _ = strings.Cut(path, "@")
	if ref == "" {
		ref, _, _ = strings.Cut(fragment, ":")
	}
	path = strings.TrimSuffix(strings.TrimSuffix(path, "/"), ".git")
	if host == "" || path == "" {
		return "", ""
	}
	return scheme + "://" + host + "/" + path, ref
}

// materialOf returns the material that is the given repository at the given
// revision, or without one. It is nil without such a material, and if there are
// several of different commits.
func (d *document) materialOf(repository, ref string) (found *attest.ResourceDescriptor) {
	for i, m := range d.materials {
		repo, at := splitSource(m.URI)
		if repo == "" || repo != repository || at != ref && at != "" && ref != "" {
			continue
		}
		if found != nil && commitOf(found.Digest) != commitOf(m.Digest) {
			return nil
		}
		found = &d.materials[i]
	}
	return found
}

// commitOf returns the commit in a digest set, empty if it has none.
func commitOf(digest map[string]string) string { return cmp.Or(digest["gitCommit"], digest["sha1"]) }

// onlyRepository returns the source if the materials name one repository and no
// more: of several, nothing says which one was built.
func (d *document) onlyRepository(accept func(attest.ResourceDescriptor) bool) Source {
	found := Source{}
	for i, m := range d.materials {
		repo, _ := splitSource(m.URI)
		if repo == "" || !isRepository(m) || accept != nil && !accept(m) {
			continue
		}
		if found.Repository != "" && found.Repository != repo {
			return Source{}
		}
		if found.Repository == "" {
			found = newSource(m.URI, m.Digest, fmt.Sprintf("%s[%d]", d.materialsAt, i))
		}
	}
	return found
}

// isRepository reports whether a material is source code and not something that
// was downloaded by http.
func isRepository(m attest.ResourceDescriptor) bool {
	return strings.HasPrefix(m.URI, "git") || strings.HasPrefix(m.URI, "ssh:") ||
		commitOf(m.Digest) != ""
}

// complete adds the digests of the source from the materials where the part that
// named it has none.
func (s *Source) complete(d *document) {
	if s.Commit != "" || s.Repository == "" {
		return
	}
	if m := d.materialOf(s.Repository, s.Ref); m != nil {
		s.Digest, s.Commit = m.Digest, commitOf(m.Digest)
	}
}

// compare notes what in the provenance excludes each other.
func (b *Build) compare(d *document) {
	contradict := func(format string, args ...any) {
		b.Contradictions = append(b.Contradictions, fmt.Sprintf(format, args...))
	}
	s := b.Source
	for i, m := range d.materials {
		repo, ref := splitSource(m.URI)
		commit := commitOf(m.Digest)
		if repo != "" && repo == s.Repository && ref == s.Ref && commit != "" && s.Commit != "" && commit != s.Commit {
			contradict("%s names commit %.64s, %s[%d] commit %.64s", s.From, s.Commit, d.materialsAt, i, commit)
		}
	}
	for _, v := range platformCommit[b.Platform] {
		if c := d.internalVars.text(v); c != "" && s.Commit != "" && c != s.Commit {
			contradict("%s names commit %.64s, %s.%s commit %.64s", s.From, s.Commit, d.internalAt, v, c)
		}
	}
	if !b.Started.IsZero() && !b.Finished.IsZero() && b.Finished.Before(b.Started) {
		contradict("the build finished before it started")
	}
}

// platformCommit names what the platforms say the commit is, beside the source.
var platformCommit = map[Platform][]string{
	GitHubActions:   {"GITHUB_SHA"},
	GitHubGenerator: {"GITHUB_SHA", "github_sha1"},
}
