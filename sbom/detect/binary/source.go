package binary

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// Source knows files by their build-id or digest. It is asked for every program, by several
// at once. *fileindex.Index is one.
type Source interface {
	// Find returns the packages that have the file; none if it does not know it. What
	// follows the first is told as other places of the same file.
	Find(kind fileindex.Kind, id []byte) ([]fileindex.Record, error)
	// Version changes when Find may answer otherwise. It is part of the detector's.
	Version() string
}

// sharedBuildID is the confidence in a version when several have the build-id, and nothing else says
// which of them it is.
const sharedBuildID = 0.85

// sourcesVersion is what the sources add to the detector's version.
func sourcesVersion(sources []Source) string {
	if len(sources) == 0 {
		return ""
	}
	h := sha256.New()
	for _, s := range sources {
		_, _ = io.WriteString(h, s.Version()+"\n")
	}
	return "+" + hex.EncodeToString(h.Sum(nil)[:8])
}

// consult asks the sources for the file: by its digest, which is in hexadecimal and may be
// empty, and by its build-id. The first that knows it decides what the file is. The error
// is those of the sources.
func (d *Detector) consult(r *Report, digest string) error {
	if len(d.sources) == 0 || r.Format == "" {
		return nil
	}
	var errs []error
	for _, by := range []struct {
		rule string
		kind fileindex.Kind
		id   string
	}{{ruleDigest, fileindex.SHA256, digest}, {ruleBuildID, fileindex.BuildID, r.BuildID}} {
		id, err := hex.DecodeString(by.id)
		if err != nil || len(id) == 0 {
			continue // The build-id of Go is none in hexadecimal.
		}
		for i, s := range d.sources {
			records, err := s.Find(by.kind, id)
			if err != nil {
				errs = append(errs, fmt.Errorf("source %d: %w", i, err))
			}
			if err == nil && len(records) > 0 {
				r.know(by.rule, by.id, records)
				return errors.Join(errs...)
			}
		}
	}
	return errors.Join(errs...)
}

// know makes the file what a source says that it is. What its text says stays as
// evidence, if it is of the same version. If it is of another one, a digest is right, as it is of
// all of the content. A build-id may be copied into another file: then both are reported.
func (r *Report) know(rule, id string, records []fileindex.Record) {
	at, settled := r.choose(records)
	f := findingOf(&records[at])
	text, sure := id, confidence[rule]
	for i, other := range records {
		if i == at {
			continue
		}
		text += ", also in " + other.Name + " " + other.Version
		if !settled && rule == ruleBuildID && other.Version != f.Version {
			sure = sharedBuildID
		}
	}
	agreeing, denying := r.compare(&f, rule == ruleBuildID)
	if len(denying) > 0 {
		text += ", but its text says " + strings.Join(denying, " and ")
	}
	f.Evidence = append([]Evidence{{rule, 0, oneline.Text(text, maxText), sure}}, agreeing...)
	r.Findings = append(r.Findings, f)
	r.sort()
}

// choose returns which of several packages of a file it is: the first of the version that its text
// says, which settles it, or else the first.
func (r *Report) choose(records []fileindex.Record) (at int, settled bool) {
	main := r.Main()
	for i := range records {
		if main != nil && sameVersion(records[i].Version, main.Version) {
			return i, true
		}
	}
	return 0, false
}

// compare takes the findings that say the same as f for evidence of it. Of others that say
// what the file is it returns the names and versions, and drops them unless they are to be kept.
func (r *Report) compare(f *Finding, keep bool) (agreeing []Evidence, denying []string) {
	r.Findings = slices.DeleteFunc(r.Findings, func(said Finding) bool {
		switch same := sameVersion(f.Version, said.Version); {
		case same && said.Relation == Is, same && said.Relation == Contains && names.Key(said.Name) == names.Key(f.Name):
			if said.CPE != "" { // A row of the table, which spells the name as advisories do.
				f.Name, f.CPE = said.Name, said.CPE
			}
			f.License = cmp.Or(f.License, said.License)
			agreeing = append(agreeing, said.Evidence...)
			return true
		case said.Relation == Is && keep:
			denying = append(denying, said.Name+" "+said.Version)
			return false
		}
		return said.Relation == Is
	})
	return agreeing, denying
}

// findingOf returns the finding of what a source knows.
func findingOf(r *fileindex.Record) Finding {
	f := Finding{Name: r.Name, Version: r.Version, PURL: r.PURL, License: r.License, Relation: Is}
	if f.PURL == "" {
		f.PURL = sbom.NewPURL("generic", "", f.Name, f.Version, nil)
	}
	return f
}

// sameVersion reports whether two versions are one, or one of them says less: 3.0 is said of 3.0.13, and
// 1.1.1 of 1.1.1n. So is the version of a package that still has a distribution's parts.
func sameVersion(known, said string) bool {
	return known == said || longer(known, said) || longer(said, known)
}
