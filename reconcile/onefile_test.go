package reconcile_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
)

// The three answers of the field to a jar that states no group: none, a wrong
// one and the right one, beside the jar as a file.
func threeNames() []reconcile.Input {
	jar := sbom.Component{ID: "file", Type: sbom.TypeFile, Name: "/l.jar", Hashes: []sbom.Digest{sha1}}
	return []reconcile.Input{
		input(inventory("witness", bareJar("l.jar")), func(in *reconcile.Input) { in.Witness, in.Inventory.Gaps = true, noGroup("l.jar") }),
		inventory("wrong", comp("pkg:maven/org.apache/logging@1.2", at("l.jar")), jar),
		inventory("right", comp("pkg:maven/org.apache.commons.logging/commons-logging@1.2", at("l.jar"))),
	}
}

func TestNamesOfOneFile(t *testing.T) {
	inputs := threeNames()
	r := run(t, inputs...)
	for _, w := range r.Components {
		want := map[string][]string{"commons-logging": {"right", "witness"}, "logging": {"wrong"}, "/l.jar": {"wrong"}}[w.Name]
		if !slices.Equal(inputsOf(&w), want) {
			t.Errorf("%s is of %v, want %v", w.Name, inputsOf(&w), want)
		}
	}
	checkCauses(t, r, map[reconcile.Cause]int{reconcile.CauseSpelling: 1, reconcile.CauseHeuristic: 2})
	for _, d := range r.Differences {
		if d.Cause != reconcile.CauseHeuristic {
			continue
		}
		cites := func(input, field string) bool {
			return slices.ContainsFunc(d.Proof.Sides, func(s reconcile.Side) bool { return s.Input == input && s.Field == field })
		}
		if d.Certainty != reconcile.Proven || !cites("witness", "gaps") || !cites("witness", "name") || !cites("witness", "evidence") || !cites("wrong", "purl") {
			t.Errorf("%s", d.Explain())
		}
	}
}

// Each change takes away something that the proof rests on.
func TestVerifyNamesOfOneFile(t *testing.T) {
	r := run(t, threeNames()...)
	for name, change := range map[string]func(in []reconcile.Input){
		"no witness":  func(in []reconcile.Input) { in[0].Witness = false },
		"no gap":      func(in []reconcile.Input) { in[0].Inventory.Gaps = nil },
		"other gap":   func(in []reconcile.Input) { in[0].Inventory.Gaps[0].Kind = sbom.GapGhost },
		"other words": func(in []reconcile.Input) { in[0].Inventory.Gaps[0].Message = "x" },
		"two in the file": func(in []reconcile.Input) {
			in[1].Inventory.Components = append(in[1].Inventory.Components, comp("pkg:maven/x/y@1", at("l.jar")))
		},
		"another file":     func(in []reconcile.Input) { in[1].Inventory.Components[0].Evidence[0].Location.Path = "m.jar" },
		"the witness knew": func(in []reconcile.Input) { in[0].Inventory.Components[0].PURL = "pkg:maven/g/commons-logging@1.2" },
	} {
		in := threeNames()
		change(in)
		if err := reconcile.Verify(r, in); !errors.Is(err, reconcile.ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range r.Differences {
		d := &r.Differences[i]
		if d.Cause != reconcile.CauseHeuristic {
			continue
		}
		d.Proof.Sides = slices.DeleteFunc(d.Proof.Sides, func(s reconcile.Side) bool { return s.Field == "gaps" })
	}
	if err := reconcile.Verify(r, threeNames()); !errors.Is(err, reconcile.ErrProof) {
		t.Errorf("without the gap: %v", err)
	}
}

// Packages that are not two names of the one in a file.
func TestNotTwoNames(t *testing.T) {
	maven := func(name, path string) sbom.Component { return comp("pkg:maven/"+name, at(path)) }
	for name, in := range map[string][2]reconcile.Input{
		"two jars in one directory": {inventory("a", maven("x/a@1", "lib/a.jar")), inventory("b", maven("x/b@1", "lib/b.jar"))},
		"a shaded jar":              {inventory("a", maven("x/a@1", "fat.jar"), maven("x/b@1", "fat.jar")), inventory("b", maven("x/c@1", "fat.jar"))},
		"outer and inner package":   {inventory("a", maven("x/outer@1", "fat.jar")), inventory("b", maven("x/inner@2", "fat.jar"))},
		"jar in a jar":              {inventory("a", maven("x/a@1", "fat.jar!/a.jar")), inventory("b", maven("x/b@1", "fat.jar!/b.jar"))},
		"modules of one program":    {inventory("a", comp("pkg:golang/x.org/a@1.0.0", at("bin/p"))), inventory("b", comp("pkg:golang/x.org/b@1.0.0", at("bin/p")))},
		"one database":              {inventory("a", comp("pkg:deb/debian/a@1", at("var/lib/dpkg/status"))), inventory("b", comp("pkg:deb/debian/b@1", at("var/lib/dpkg/status")))},
		"two ecosystems":            {inventory("a", maven("x/a@1", "x.jar")), inventory("b", comp("pkg:npm/b@1", at("x.jar")))},
		"a file and the package":    {inventory("a", maven("x/a@1", "x.jar")), inventory("b", sbom.Component{ID: "f", Type: sbom.TypeFile, Name: "x.jar", Evidence: maven("x/a@1", "x.jar").Evidence})},
	} {
		r := run(t, in[0], in[1])
		if r.Summary.SharedComponents != 0 || r.Summary.Count(reconcile.KindComponent, reconcile.CauseHeuristic) != 0 {
			t.Errorf("%s: %+v", name, r.Summary)
			for i := range r.Differences {
				t.Log(r.Differences[i].Explain())
			}
		}
	}
}

// A file is joined to a file by digest, and to no package in it.
func TestFilesStayAmongThemselves(t *testing.T) {
	file := func(id string) sbom.Component {
		return sbom.Component{ID: id, Type: sbom.TypeFile, Name: id, Hashes: []sbom.Digest{sha1}}
	}
	r := run(t, inventory("a", file("x.jar"), bareJar("x.jar")), inventory("b", file("./x.jar")), inventory("c", bareJar("y.jar")))
	var got [][]string
	for i := range r.Components {
		got = append(got, inputsOf(&r.Components[i]))
	}
	slices.SortFunc(got, slices.Compare)
	if want := [][]string{{"a", "b"}, {"a", "c"}}; !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("rows of %v, want %v", got, want)
	}
}

// Only a gap that says that a file was not read is a partial run.
func TestPartialRunIsNotRead(t *testing.T) {
	for kind, want := range map[sbom.GapKind]bool{sbom.GapLimit: true, sbom.GapCorrupt: true, sbom.GapUnsupported: true, sbom.GapEncrypted: true,
		sbom.GapIncomplete: false, sbom.GapGhost: false, "": false} {
		with := func(kind sbom.GapKind) []reconcile.Input {
			return []reconcile.Input{inventory("a", comp("pkg:maven/g/x@1", at("x.jar"))), input(inventory("b", comp(other)), func(in *reconcile.Input) {
				in.Inventory.Gaps = []sbom.Gap{{Kind: sbom.GapGhost, Path: "x.jar", Message: "m"}, {Kind: kind, Path: "/x.jar", Message: "m"}}
			})}
		}
		r := run(t, with(kind)...)
		if got := r.Summary.Count(reconcile.KindComponent, reconcile.CausePartialRun) == 1; got != want {
			t.Errorf("%q: partial %v, want %v", kind, got, want)
		}
		if want {
			if err := reconcile.Verify(r, with(sbom.GapIncomplete)); !errors.Is(err, reconcile.ErrProof) {
				t.Errorf("the gap was another: %v", err)
			}
		}
	}
}
