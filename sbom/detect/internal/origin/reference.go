package origin

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// maxReferences is how many references of one component are kept.
const maxReferences = 16

// The types of references that package metadata states, in the words of CycloneDX.
const (
	Website      = "website"
	VCS          = "vcs"
	Distribution = "distribution"
	IssueTracker = "issue-tracker"
	Support      = "support"
)

// Refer appends a reference to what package metadata says lies at s. It appends nothing when
// s is no address on a network, when the list has the reference, or when it is full.
// Credentials, query and fragment are left out, as by Address.
//
// An address of a repository may be in any form that package metadata has: that of purl's
// qualifier vcs_url, of Maven (scm:git:ADDRESS), of rpm (git:ADDRESS), of dpkg (ADDRESS -b
// BRANCH), of ssh, or github:OWNER/NAME.
func Refer(list []sbom.Reference, typ, s string) []sbom.Reference {
	s = strings.TrimSpace(s)
	if typ == VCS {
		s = repository(s)
	}
	u := parse(s)
	if u == nil || u.Host == "" || !reachable(u.Scheme, typ == VCS) || len(list) >= maxReferences {
		return list
	}
	u.Fragment = ""
	r := sbom.Reference{Type: typ, URL: u.String()}
	for _, old := range list {
		if old.Type == typ && old.URL == r.URL {
			return list
		}
	}
	return append(list, r)
}

// reachable reports whether a scheme is one of the network. Repositories have more.
func reachable(scheme string, repository bool) bool {
	switch scheme {
	case "https", "http", "ftp":
		return true
	case "git", "ssh", "svn", "svn+ssh", "svn+http", "svn+https", "hg+http", "hg+https", "hg+ssh", "bzr", "bzr+http", "bzr+https", "bzr+ssh", "lp":
		return repository
	}
	return false
}

// repository returns the address alone of a repository, from any of the forms.
func repository(s string) string {
	s, _, _ = strings.Cut(s, " ")
	if rest, ok := strings.CutPrefix(s, "scm:"); ok {
		if _, address, ok := strings.Cut(rest, ":"); ok {
			s = address
		}
	}
	s = expand(s)
	if scheme, _, ok := strings.Cut(s, "://"); ok {
		s = s[strings.LastIndexByte(scheme, ':')+1:] // The tool before it.
	}
	return strings.TrimPrefix(s, "git+")
}

// Contact returns a name with a mail address behind it, as "NAME <MAIL>", either alone when
// the other is empty or the same, and the name alone when the other is no address. max is
// the length of the longest in bytes: a longer one is cut in its name.
func Contact(name, mail string, max int) string {
	mail = Mail(mail)
	name = oneline.Text(name, max)
	switch {
	case mail == "" || mail == name || strings.Contains(name, "<"+mail+">"):
		return name
	case name == "":
		return mail
	case len(mail)+len("<> ")+len(name) > max:
		name = oneline.Text(name, max-len(mail)-len("<> "))
	}
	return name + " <" + mail + ">"
}

// maxMail is the length in bytes of the longest mail address (RFC 5321, 4.5.3.1.3).
const maxMail = 254

// Mail returns s if it is a mail address, else the empty string.
func Mail(s string) string {
	s = oneline.Token(s, maxMail)
	local, host, _ := strings.Cut(s, "@")
	if local == "" || host == "" || strings.ContainsAny(s, "<>()[],;:\\\"") || strings.Contains(host, "@") {
		return ""
	}
	return s
}
