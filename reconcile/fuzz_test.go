package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

// words are what fuzzed inputs are made of: enough to collide in every way.
var words = []string{"", "pkg:deb/debian/a@1%3A2-1%2Bb1", "pkg:deb/a@2-1", "pkg:deb/debian/a@2-1?arch=i386", "pkg:deb/debian/a@2-1?arch=amd64&distro=debian-12",
	"pkg:npm/%40a/b@v1", "pkg:npm/a/b@1.0.0", "pkg:pypi/A_b@1.0", "pkg:pypi/a.b@1.0.0", "pkg:golang/a.b/c@%28devel%29", "pkg:golang/A.b/c@v1.0.0+incompatible",
	"pkg:maven/x/l@1", "pkg:maven/y/l@1", "pkg:generic/l@1", "not a purl", "a", "b", "1", "2-1", "var/cache/apt/archives/a.deb", "x.jar", "x.jar!/y.jar",
	"CVE-1", "CVE-2", "GHSA-1", "DSA-1", "DEBIAN-CVE-1", "debian", "ubuntu", "12"}

// decoder turns fuzzed bytes into inputs. It never runs out: then it is all zero.
type decoder struct{ data []byte }

func (d *decoder) byte() byte {
	if len(d.data) == 0 {
		return 0
	}
	b := d.data[0]
	d.data = d.data[1:]
	return b
}

func (d *decoder) word() string { return words[int(d.byte())%len(words)] }

func (d *decoder) component() sbom.Component {
	c := sbom.Component{ID: d.word(), PURL: d.word(), Name: d.word(), Version: d.word()}
	flags := d.byte()
	if flags&1 != 0 {
		c.Source = &sbom.SourcePackage{Name: d.word(), Version: d.word()}
	}
	if flags&2 != 0 {
		c.Evidence = []sbom.Evidence{{Technique: sbom.TechniqueFilename, Location: sbom.Location{Path: d.word(), Layer: layer}}}
	}
	if flags&4 != 0 {
		c.Scope = sbom.ScopeDeclared
	}
	if flags&8 != 0 {
		c.Type = sbom.TypeFile
	}
	if flags&16 != 0 {
		c.Hashes = []sbom.Digest{sha1}
	}
	return c
}

func (d *decoder) finding() scan.Finding {
	c := d.component()
	f := scan.Finding{ID: d.word(), Component: scan.RefOf(&c), Severity: scan.Severity(d.byte() % 6)}
	flags := d.byte()
	if flags&1 != 0 {
		f.Aliases = []string{d.word(), d.word()}
	}
	if flags&2 != 0 {
		f.Related = []string{d.word()}
	}
	if flags&4 != 0 {
		f.Status = scan.StatusNotAffected
	}
	if flags&8 != 0 {
		f.FixedVersions = []string{d.word()}
	}
	if flags&16 != 0 {
		f.Component.PURL, f.Component.Type = "", "deb"
	}
	return f
}

func (d *decoder) input(i int) reconcile.Input {
	in := reconcile.Input{Name: fmt.Sprint(i), Witness: i == 0}
	flags := d.byte()
	if flags&1 != 0 {
		in.Inventory = &sbom.Inventory{Distribution: &sbom.Distribution{ID: d.word(), VersionID: d.word()}}
		if flags&8 != 0 {
			in.Inventory.Subject.Config = sbom.Digest(d.word())
		}
		for range d.byte() % 12 {
			in.Inventory.Components = append(in.Inventory.Components, d.component())
		}
		in.Inventory.Files = []sbom.File{{Path: d.word(), Owner: d.word(), Claim: sbom.ClaimRecorded, Layer: layer}}
		in.Inventory.Relationships = []sbom.Relationship{{From: d.word(), To: d.word(), Type: sbom.Owns}}
		for _, kind := range []sbom.GapKind{sbom.GapLimit, sbom.GapIncomplete, sbom.GapGhost} {
			in.Inventory.Gaps = append(in.Inventory.Gaps, sbom.Gap{Kind: kind, Path: d.word(), Message: string(kind)})
		}
	}
	if flags&2 != 0 || in.Inventory == nil {
		in.Report = &scan.Report{}
		for range d.byte() % 12 {
			in.Report.Findings = append(in.Report.Findings, d.finding())
		}
		if flags&4 != 0 {
			c := d.component()
			in.Report.Inventory = &sbom.Inventory{Components: []sbom.Component{c}}
			in.Report.Unassessed = []scan.Unassessed{{Component: scan.RefOf(&c), Reason: "r"}}
		}
	}
	return in
}

// Whatever the inputs: every component and finding is in one row, every
// difference has a proof, and all of them verify.
func FuzzRun(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x01\x1b\x1c\x05\x00\x01\x0f\x10\x03\x0f\x10\x13\x01\x02\x0f\x10\x03\x0f\x10\x13"))
	for i := range 16 {
		seed := make([]byte, 400)
		for k := range seed {
			seed[k] = byte(k*k*(i+3) + k*7 + i)
		}
		f.Add(seed)
	}
	// No purl and a gap in the one jar of the one, two purls in those of the others.
	f.Add([]byte("\x01\x01\x1b\x1c\x01\x0f\x00\x0f\x11\x02\x14\x00\x00\x00\x00\x13\x14\x00" +
		"\x01\x1b\x1c\x01\x10\x0b\x0f\x11\x02\x14\x00\x00\x00\x00\x00\x00\x00" + "\x01\x1b\x1c\x01\x10\x0a\x10\x11\x02\x14"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &decoder{data}
		var inputs []reconcile.Input
		for i := range 2 + int(d.byte()%3) {
			inputs = append(inputs, d.input(i))
		}
		r, err := reconcile.Run(context.Background(), inputs, &reconcile.Options{Files: d.byte()&1 != 0})
		if err != nil {
			t.Fatal(err)
		}
		checkInvariants(t, inputs, r)
		if err := reconcile.Verify(r, inputs); err != nil {
			t.Fatal(err)
		}
		if _, err := reconcile.Run(context.Background(), inputs, &reconcile.Options{SameSubject: true}); err != nil && !errors.Is(err, reconcile.ErrSubject) {
			t.Fatal(err)
		}
	})
}

func checkInvariants(t *testing.T, inputs []reconcile.Input, r *reconcile.Reconciliation) {
	t.Helper()
	components, found := make(map[string]int), make(map[string]int)
	ids := make(map[string]bool)
	unique := func(id string) {
		if id == "" || ids[id] {
			t.Fatalf("the id %q is not unique", id)
		}
		ids[id] = true
	}
	for i := range r.Components {
		unique(r.Components[i].ID)
		for _, s := range r.Components[i].Sightings {
			components[s.Input]++
		}
	}
	for i := range r.Findings {
		unique(r.Findings[i].ID)
		for _, s := range r.Findings[i].Sightings {
			found[s.Input]++
		}
	}
	for i, in := range inputs {
		if in.Inventory != nil && components[in.Name] < len(in.Inventory.Components) || components[in.Name] != r.Inputs[i].Components {
			t.Fatalf("%s: %d components became %d sightings", in.Name, r.Inputs[i].Components, components[in.Name])
		}
		if in.Report != nil && found[in.Name] != len(in.Report.Findings) {
			t.Fatalf("%s: %d findings became %d sightings", in.Name, len(in.Report.Findings), found[in.Name])
		}
	}
	n := 0
	for i := range r.Differences {
		d := &r.Differences[i]
		unique(d.ID)
		if d.Proof.Check == "" || len(d.Proof.Sides) == 0 || len(d.In) == 0 || (d.Certainty == reconcile.Unexplained) != (d.Cause == reconcile.CauseUnexplained) {
			t.Fatalf("no proof: %+v", d)
		}
	}
	for _, c := range r.Summary.Counts {
		n += c.N
	}
	if n != len(r.Differences) {
		t.Fatalf("%d differences are counted as %d", len(r.Differences), n)
	}
}
