package report

import (
	"slices"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

// vulnerabilityIDs are the prefixes of identifiers that name one vulnerability.
// Those of advisories are not here: an advisory may cover many.
var vulnerabilityIDs = []string{"CVE-", "GHSA-", "GO-", "PYSEC-", "RUSTSEC-", "OSV-", "GMS-", "TEMP-", "NSWG-", "HSEC-", "BIT-", "CGA-"}

func isVulnerability(id string) bool {
	return slices.ContainsFunc(vulnerabilityIDs, func(p string) bool { return strings.HasPrefix(id, p) })
}

// addIDs files other identifiers of the finding, which has none yet, under aliases
// or related. An advisory's other identifiers are all related: which of its
// vulnerabilities the row is about is not said.
func addIDs(f *scan.Finding, ids []string) {
	seen := map[string]bool{"": true, f.ID: true}
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		if isVulnerability(id) && isVulnerability(f.ID) {
			f.Aliases = append(f.Aliases, id)
		} else {
			f.Related = append(f.Related, id)
		}
	}
}

// cvss makes a score of a vector and the value that the report states for it.
func cvss(source, vector string, value float64) scan.Score {
	s := scan.Score{Source: source, Vector: vector, Value: value}
	computed, typ, err := scan.BaseScore(vector)
	if err == nil {
		s.Type = typ
		if value == 0 {
			s.Value = computed
		}
	}
	if err == nil || value > 0 {
		s.Severity = scan.SeverityOf(s.Value)
	}
	return s
}

// parseTime reads the times that the tools write; zero for anything else.
func parseTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05.999999999 -0700 MST"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 1 && t.Year() <= 9999 {
			return t.UTC()
		}
	}
	return time.Time{}
}

// repoDigest takes the digest out of "name@sha256:…"; empty when there is none.
func repoDigest(ref string) sbom.Digest {
	_, s, _ := strings.Cut(ref, "@")
	return digest(s)
}

func digest(s string) sbom.Digest {
	d, err := sbom.ParseDigest(s)
	if err != nil {
		return ""
	}
	return d
}

// layers finds layers by their diffIDs.
type layers map[string]int

func newLayers(diffIDs []string) layers {
	m := make(layers, len(diffIDs))
	for i, id := range diffIDs {
		m[id] = i
	}
	return m
}

// ref returns the layer with a diffID, nil when the report does not list it.
func (l layers) ref(diffID string) *sbom.LayerRef {
	i, ok := l[diffID]
	if !ok {
		return nil
	}
	return &sbom.LayerRef{Index: i, DiffID: digest(diffID)}
}
