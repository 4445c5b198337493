package python

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
)

// labels are the normalised labels of a Project-URL that mean one thing (well-known
// project URLs, Python packaging user guide), and those of the same meaning that metadata
// from before them has.
var labels = map[string]string{
	"homepage": origin.Website, "home": origin.Website,
	"source": origin.VCS, "repository": origin.VCS, "sourcecode": origin.VCS, "github": origin.VCS, "gitlab": origin.VCS, "code": origin.VCS,
	"download": origin.Distribution,
	"issues":   origin.IssueTracker, "bugs": origin.IssueTracker, "issue": origin.IssueTracker, "tracker": origin.IssueTracker,
	"issuetracker": origin.IssueTracker, "bugtracker": origin.IssueTracker, "bugreports": origin.IssueTracker,
}

// references returns what Home-page, Download-URL and Project-URL point to.
func references(h header) []sbom.Reference {
	refs := origin.Refer(nil, origin.Website, h.first("home-page"))
	for _, value := range h["project-url"] {
		label, address, _ := strings.Cut(value, ",")
		if typ := labels[normalize(label)]; typ != "" {
			refs = origin.Refer(refs, typ, address)
		}
	}
	return origin.Refer(refs, origin.Distribution, h.first("download-url"))
}

// normalize drops punctuation and white space from a label and lowers its letters.
func normalize(label string) string {
	if len(label) > 32 { // The limit of core metadata.
		return ""
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r <= ' ' || strings.ContainsRune("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", r):
			return -1
		}
		return r
	}, label)
}
