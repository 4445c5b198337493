package binary

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex"
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
// evidence, if it is of the same version.
func (r *Report) know(rule, id string, records []fileindex.Record) {
	text := id
	for _, other := range records[1:] {
		text += ", also in " + other.Name + " " + other.Version
	}
	first := records[0]
	f := Finding{Name: first.Name, Version: first.Version, PURL: first.PURL, License: first.License, Relation: Is,
		Evidence: []Evidence{{rule, 0, oneline.Text(text, maxText), confidence[rule]}}}
	if f.PURL == "" {
		f.PURL = sbom.NewPURL("generic", "", f.Name, f.Version, nil)
	}
	if said := r.Main(); said != nil && strings.Contains(f.Version, said.Version) {
		f.CPE = said.CPE
		if f.License == "" {
			f.License = said.License
		}
		f.Evidence = append(f.Evidence, said.Evidence...)
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool { return f.Relation == Is })
	r.Findings = append(r.Findings, f)
	r.sort()
}
