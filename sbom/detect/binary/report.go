package binary

import (
	"cmp"
	"slices"
)

// Relation says what a finding is to the file.
type Relation string

const (
	// Is: the file is a program or library of the project.
	Is Relation = "is"
	// Contains: the project's code is in the file.
	Contains Relation = "contains"
	// BuiltAgainst: the file has text of the project's headers, and is linked with the
	// project's shared library. Its code is not in the file, and the version is that of the
	// machine it was built on.
	BuiltAgainst Relation = "built-against"
)

// Evidence is the text that a finding stands on.
type Evidence struct {
	// Rule is the rule that found it: see the package's documentation.
	Rule string `json:"rule"`
	// Offset is where in the file Text is.
	Offset int64 `json:"offset"`
	// Text is what is there, as one line of at most 200 bytes.
	Text string `json:"text"`
	// Confidence of the rule is from 0 to 1.
	Confidence float64 `json:"confidence"`
}

// Finding is one project in a file.
type Finding struct {
	// Name is the project's name, a module path or the name of a crate.
	Name string `json:"name"`
	// Version is never empty.
	Version string `json:"version"`
	// PURL is the canonical package URL.
	PURL string `json:"purl"`
	// CPE is a CPE 2.3 formatted string; empty where the table has none.
	CPE string `json:"cpe,omitempty"`
	// License is the SPDX expression that the table has of the project, or what a package or program
	// says of its own, in any words.
	License string `json:"license,omitempty"`
	// Relation is what it is to the file.
	Relation Relation `json:"relation"`
	// Toolchain is set for what comes with the compiler, in every program that it makes.
	Toolchain bool `json:"toolchain,omitempty"`
	// Evidence is all that speaks for it, best first; never empty.
	Evidence []Evidence `json:"evidence"`
}

// Confidence is that of the best evidence.
func (f *Finding) Confidence() float64 { return f.Evidence[0].Confidence }

// Rule is that of the best evidence.
func (f *Finding) Rule() string { return f.Evidence[0].Rule }

// Report is what is known of one file.
type Report struct {
	// Format is "ELF", "PE", "Mach-O", "universal Mach-O" or "WebAssembly"; empty for what is
	// no program, of which nothing else is known.
	Format string `json:"format"`
	// Architecture is in the words of GOARCH where it has one; those of the parts of a
	// universal file are joined by "+".
	Architecture string `json:"architecture,omitempty"`
	// Linkage is "program" or "library", with "static" or "dynamic".
	Linkage string `json:"linkage,omitempty"`
	// SONAME is the library's own name, and Needed are the libraries that it loads.
	SONAME string   `json:"soname,omitempty"`
	Needed []string `json:"needed,omitempty"`
	// Project is the one that ships files of that name, as distributions call it: by the name alone,
	// and no finding. Empty if none is known.
	Project string `json:"project,omitempty"`
	// BuildID identifies the build.
	BuildID string `json:"buildID,omitempty"`
	// Compilers are those that say so, and Traits are the languages, runtimes and
	// packers that the file has signs of.
	Compilers []string `json:"compilers,omitempty"`
	Traits    []string `json:"traits,omitempty"`
	// Platform is the system that it was made for, where the format says so, and Parts are
	// those of a universal file.
	Platform string `json:"platform,omitempty"`
	Parts    []Part `json:"parts,omitempty"`
	// Payloads are what the program carries beside its own code.
	Payloads []Payload `json:"payloads,omitempty"`
	// Findings are in order of relation, name and version.
	Findings []Finding `json:"findings"`
	// Versions is the number of different texts that look like versions.
	Versions int `json:"versions"`
	// Damaged says which headers lead nowhere; empty if all are sound.
	Damaged string `json:"damaged,omitempty"`
	// Limited says what there was too much of to keep; empty if nothing.
	Limited string `json:"limited,omitempty"`
}

// Main returns the finding of what the file is, nil when nothing says so. Where a build-id and
// the file's text say different things it is the surer one, or the first by name and version.
func (r *Report) Main() *Finding {
	var main *Finding
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Relation == Is && (main == nil || f.Confidence() > main.Confidence()) {
			main = f
		}
	}
	return main
}

var relations = []Relation{Is, Contains, BuiltAgainst}

func (r *Report) sort() {
	slices.SortFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(relations, a.Relation), slices.Index(relations, b.Relation)),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.PURL, b.PURL))
	})
}
