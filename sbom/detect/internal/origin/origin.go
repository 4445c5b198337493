// Package origin makes the addresses in package metadata, which say where software
// came from, fit for an inventory.
package origin

import (
	"net/url"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// maxAddress is the length in bytes of the longest address that is kept.
const maxAddress = 1024

// Address returns s without credentials and without the query and fragment, which
// may hold a token. It is empty for what cannot be parsed, which may hold some.
func Address(s string) string {
	u := parse(s)
	if u == nil {
		return ""
	}
	u.Fragment = ""
	return u.String()
}

// Repository returns the form of a source repository's address that the purl
// qualifier vcs_url takes: TOOL+SCHEME://HOST/PATH@COMMIT, without credentials. The
// tool is git where the address names none. Addresses of the form user@host:path,
// as ssh has them, and github:owner/name and its like are understood. A
// commit that is empty is taken from the address' fragment. It is empty when s
// is no address.
func Repository(s, commit string) string {
	s = expand(s)
	u := parse(s)
	if u == nil || u.Host == "" {
		return ""
	}
	if commit == "" {
		commit = u.Fragment
	}
	u.Fragment = ""
	if !strings.Contains(u.Scheme, "+") && u.Scheme != "git" {
		u.Scheme = "git+" + u.Scheme
	}
	out := u.String()
	if commit = oneline.Token(commit, 256); commit != "" && !strings.ContainsAny(commit, "?#") {
		out += "@" + commit
	}
	return out
}

// IsRepository reports whether an address is that of a source repository and not
// of an archive.
func IsRepository(s string) bool {
	for _, prefix := range []string{"git+", "git:", "git@", "ssh:", "hg+", "svn+", "bzr+", "github:", "gitlab:", "bitbucket:"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	path, _, _ := strings.Cut(s, "#")
	return strings.Contains(s, "://") && strings.HasSuffix(path, ".git")
}

// Remote reports whether an address is that of something on a web server.
func Remote(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// expand writes the short forms of repositories' addresses out.
func expand(s string) string {
	for _, host := range []struct{ short, host string }{
		{"github:", "github.com"}, {"gitlab:", "gitlab.com"}, {"bitbucket:", "bitbucket.org"}} {
		if rest, ok := strings.CutPrefix(s, host.short); ok {
			return "git+https://" + host.host + "/" + rest
		}
	}
	if user, rest, ok := strings.Cut(s, "@"); ok && !strings.ContainsAny(user, ":/") {
		if host, path, ok := strings.Cut(rest, ":"); ok && !strings.Contains(host, "/") {
			return "git+ssh://" + user + "@" + host + "/" + strings.TrimPrefix(path, "/")
		}
	}
	return s
}

// parse drops the query and the credentials, but not the user that all who come by
// ssh are.
func parse(s string) *url.URL {
	if len(s) > maxAddress || oneline.Token(s, maxAddress) != s {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || s == "" {
		return nil
	}
	if name := u.User.String(); name != "git" || !strings.HasSuffix(u.Scheme, "ssh") {
		u.User = nil
	}
	u.RawQuery, u.ForceQuery = "", false
	return u
}
