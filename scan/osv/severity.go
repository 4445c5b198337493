package osv

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom/identity"
	"github.com/imagetrust/imagetrust/scan"
)

// scores turns a record's severities, those of the package first, into scores.
// A vector that is malformed stays, without a value.
func scores(db string, lists ...[]severity) []scan.Score {
	var out []scan.Score
	for _, list := range lists {
		for _, s := range list {
			sc := scan.Score{Source: db, Type: s.typ}
			switch value, typ, err := scan.BaseScore(s.score); {
			case !strings.HasPrefix(s.typ, "CVSS"):
				sc.Type, sc.Severity = "", scan.ParseSeverity(s.score) // Type "Ubuntu" with a priority.
			case err != nil || typ != s.typ:
				sc.Vector = s.score
			default:
				sc.Vector, sc.Value, sc.Severity = s.score, value, scan.SeverityOf(value)
			}
			out = append(out, sc)
		}
	}
	return out
}

// databaseOf names who publishes a record, from the prefix of its id
// (OSV schema, "id, modified fields").
func databaseOf(id string) string {
	if strings.HasPrefix(id, "GO-") {
		return "go"
	}
	prefix, _, _ := strings.Cut(id, "-")
	if name, ok := databases[prefix]; ok {
		return name
	}
	return strings.ToLower(prefix)
}

var databases = map[string]string{
	"GHSA": "github", "PYSEC": "pypa", "RUSTSEC": "rustsec", "BIT": "bitnami", "DSA": "debian", "DLA": "debian", "DTSA": "debian",
	"USN": "ubuntu", "LSN": "ubuntu", "ALSA": "almalinux", "ALBA": "almalinux", "ALEA": "almalinux",
	"RLSA": "rocky", "RXSA": "rocky", "RHSA": "redhat", "RHBA": "redhat", "RHEA": "redhat",
	"CVE": "nvd", "MAL": "malicious-packages", "JLSEC": "julia", "HSEC": "haskell", "RSEC": "r-consortium",
}

// native is the database that an ecosystem's own people keep.
var native = map[identity.Ecosystem]string{
	"Go": "go", "PyPI": "pypa", "crates.io": "rustsec", "Bitnami": "bitnami", "Julia": "julia", "Hackage": "haskell",
	"GHC": "haskell", "CRAN": "r-consortium",
}

// rank orders the records of one vulnerability: the smaller, the more it is
// worth as the finding's record.
func rank(eco identity.Ecosystem, id string) int {
	switch db := databaseOf(id); {
	case isDistribution(eco), native[eco] == db:
		return 0
	case db == "github":
		return 1
	case db == "nvd":
		return 3
	}
	return 2
}

// judge is the severity of a finding: the word of the distribution or database about
// this package, else the score of the newest CVSS version, else its word about
// the vulnerability.
func judge(packageLabel, recordLabel string, scores []scan.Score) scan.Severity {
	if s := scan.ParseSeverity(packageLabel); s != scan.SeverityUnknown {
		return s
	}
	best, typ := scan.SeverityUnknown, ""
	for _, s := range scores {
		if s.Severity != scan.SeverityUnknown && (s.Type > typ || s.Type == typ && s.Severity > best) {
			best, typ = s.Severity, s.Type
		}
	}
	if best != scan.SeverityUnknown {
		return best
	}
	return scan.ParseSeverity(recordLabel)
}
