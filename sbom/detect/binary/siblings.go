package binary

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/kin"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// The rules of siblings.
const (
	ruleLinkedSibling = "linked-sibling"
	ruleSibling       = "sibling"
)

// siblingRules are the rules by how near the other file is, and how sure they are.
var siblingRules = map[kin.Nearness]struct {
	rule       string
	confidence float64
}{kin.Linked: {ruleLinkedSibling, 0.9}, kin.Directory: {ruleSibling, 0.86}, kin.Tree: {ruleSibling, 0.82}}

// speechless are the rules by which a file does not speak for others: because another spoke for it, or
// by a mere name.
var speechless = map[string]bool{ruleLinkedSibling: true, ruleSibling: true, ruleFileName: true}

// File is a file and what is known of it. Path is as in image layers: "usr/bin/psql".
type File struct {
	Path   string
	Report *Report
}

// Siblings completes the reports of files that say nothing of themselves, by other files of the
// same project: those that they are linked with, or that are linked with them; else those of the
// same directory; else those of the same tree, where both are in the directories of a system's programs
// and libraries. All of these have to be of one version, and to say so themselves. Reports without
// [Report.Project], or with a [Report.Main], are left as they are. It takes time linear in the files.
func Siblings(files []File) {
	list := make([]kin.File, len(files))
	for i, f := range files {
		list[i] = f.kin()
	}
	for _, m := range kin.Find(list) {
		by, other := siblingRules[m.Near], files[m.Of]
		main := *other.Report.Main()
		main.Evidence = []Evidence{{Rule: by.rule, Text: oneline.Text(other.Path+": "+main.Evidence[0].Text, maxText), Confidence: by.confidence}}
		r := files[m.File].Report
		r.Findings = append(r.Findings, main)
		r.sort()
	}
}

// kin is what decides of which files the file is a sibling. Those that another spoke for, or that are
// packages of a language, are nobody's.
func (f File) kin() kin.File {
	k := kin.File{Path: f.Path, SONAME: f.Report.SONAME, Needed: f.Report.Needed}
	switch main := f.Report.Main(); {
	case main == nil:
		k.Project = names.Key(f.Report.Project)
	case !speechless[main.Rule()] && strings.HasPrefix(main.PURL, "pkg:generic/"):
		k.Project, k.Version = names.Key(main.Name), main.Version
	}
	return k
}
