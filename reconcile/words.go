package reconcile

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

// What an input says in a field is computed here alone, so that a proof can be
// checked by computing it again.

// componentWords is what a component says in a field of Side.Field.
func componentWords(c *sbom.Component, field string) string {
	switch field {
	case "version":
		return c.Version
	case "source":
		if c.Source == nil {
			return ""
		}
		return joined(c.Source.Name, c.Source.Version)
	case "location":
		return trimRoot(c.Location().Path)
	case "name":
		return joined(c.Name, c.Version)
	case "evidence":
		return evidenceWords(c)
	}
	return c.PURL
}

// evidenceWords names who found a component, and by what.
func evidenceWords(c *sbom.Component) string {
	who, how := c.Property("syft:package:foundBy"), ""
	if len(c.Evidence) > 0 {
		who, how = cmp.Or(c.Evidence[0].Detector, who), string(c.Evidence[0].Technique)
	}
	if how == string(sbom.TechniqueOther) {
		how = ""
	}
	return joined(who, how)
}

// findingWords is what a finding says in a field of Side.Field.
func findingWords(f *scan.Finding, field string) string {
	switch field {
	case "severity":
		return severityWords(f)
	case "status":
		return strings.TrimSuffix(string(f.Status)+": "+f.Justification, ": ")
	case "component":
		return refWords(&f.Component)
	case "match.method":
		return joined(string(f.Match.Method), f.Match.Words)
	case "fixedVersions":
		return strings.Join(f.FixedVersions, " ")
	case "published":
		return timeWords(f.Published)
	case "updated":
		return timeWords(f.Updated)
	}
	return f.ID
}

// sourceWords is what an input says about itself in a field of Side.Field.
func (s *source) words(field string) string {
	switch field {
	case "subject.config":
		return string(s.subject.Config)
	case "subject.digest":
		return string(s.subject.Digest)
	case "subject.platform":
		return s.subject.Platform.String()
	case "distribution":
		if s.dist != nil {
			return joined(s.dist.ID, s.dist.VersionID)
		}
	case "database.built":
		if s.Report != nil {
			return timeWords(s.Report.Database.Built)
		}
	case "created":
		if s.Report != nil {
			return timeWords(s.Report.Created)
		}
	case "fix":
		if s.Report != nil {
			return fmt.Sprintf("%d findings, all with a fix", len(s.Report.Findings))
		}
	}
	return ""
}

func joined(a, b string) string { return strings.TrimSpace(a + " " + b) }

func timeWords(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func refWords(c *scan.ComponentRef) string {
	if c.PURL != "" {
		return c.PURL
	}
	return joined(c.Name, c.Version)
}

// severityWords is the label with the score that has the highest value.
func severityWords(f *scan.Finding) string {
	var best *scan.Score
	for i := range f.Scores {
		if s := &f.Scores[i]; best == nil || s.Value > best.Value {
			best = s
		}
	}
	if best == nil || best.Value == 0 {
		return f.Severity.String()
	}
	return strings.TrimSpace(fmt.Sprintf("%s (%.1f %s)", f.Severity, best.Value, best.Source))
}
