package reconcile_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

var (
	sha1  = sbom.Digest("sha256:" + strings.Repeat("1", 64))
	sha2  = sbom.Digest("sha256:" + strings.Repeat("2", 64))
	layer = &sbom.LayerRef{Index: 3, DiffID: sha2}
)

// comp makes a component from a purl and what else is said of it.
func comp(purl string, more ...func(c *sbom.Component)) sbom.Component {
	c := sbom.Component{ID: purl, Type: sbom.TypeLibrary, PURL: purl}
	if p, err := c.ParsePURL(); err == nil {
		c.Name, c.Version = p.Name, p.Version
	}
	for _, f := range more {
		f(&c)
	}
	return c
}

func at(path string) func(c *sbom.Component) {
	return func(c *sbom.Component) {
		c.ID += " " + path
		c.Evidence = append(c.Evidence, sbom.Evidence{Technique: sbom.TechniqueManifest, Confidence: 1, Location: sbom.Location{Path: path, Layer: layer}})
	}
}

func from(name, version string) func(c *sbom.Component) {
	return func(c *sbom.Component) { c.Source = &sbom.SourcePackage{Name: name, Version: version} }
}

func inventory(name string, comps ...sbom.Component) reconcile.Input {
	return reconcile.Input{Name: name, Inventory: &sbom.Inventory{Components: comps}, Digest: sha1}
}

func input(in reconcile.Input, change func(in *reconcile.Input)) reconcile.Input {
	change(&in)
	return in
}

func vuln(id, purl string, more ...func(f *scan.Finding)) scan.Finding {
	c := comp(purl)
	f := scan.Finding{ID: id, Component: scan.RefOf(&c), Status: scan.StatusAffected, Severity: scan.SeverityHigh, Pointer: "/" + id + "/" + purl,
		Match: scan.Match{Method: scan.MethodExact}}
	for _, m := range more {
		m(&f)
	}
	return f
}

func findings(name string, all ...scan.Finding) reconcile.Input {
	return reconcile.Input{Name: name, Report: &scan.Report{Findings: all}}
}

func inputsOf(w *reconcile.Row) []string {
	var names []string
	for _, s := range w.Sightings {
		names = append(names, s.Input)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func checkCauses(t *testing.T, r *reconcile.Reconciliation, want map[reconcile.Cause]int) {
	t.Helper()
	got := make(map[reconcile.Cause]int)
	for _, c := range r.Summary.Counts {
		got[c.Cause] += c.N
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("causes (-want +got):\n%s", diff)
		for i := range r.Differences {
			t.Log(r.Differences[i].Explain())
		}
	}
}

const other = "pkg:npm/unrelated@1.0.0" // So that an input has something.

// Each case plants one difference and names the one cause it must get.
var planted = []struct {
	name      string
	a, b      reconcile.Input
	kind      reconcile.Kind
	cause     reconcile.Cause
	certainty reconcile.Certainty
}{
	{"other image", input(inventory("a", comp("pkg:npm/x@1")), func(in *reconcile.Input) { in.Inventory.Subject.Config = sha1 }),
		input(inventory("b"), func(in *reconcile.Input) { in.Inventory.Subject.Config = sha2 }),
		reconcile.KindComponent, reconcile.CauseOtherSubject, reconcile.Proven},
	{"gap at the same file", inventory("a", comp("pkg:maven/g/x@1", at("app/x.jar"))),
		input(inventory("b"), func(in *reconcile.Input) {
			in.Inventory.Gaps = []sbom.Gap{{Kind: sbom.GapEncrypted, Path: "app/x.jar", Message: "the archive is encrypted"}}
		}),
		reconcile.KindComponent, reconcile.CausePartialRun, reconcile.Proven},
	{"spelling", inventory("a", comp("pkg:pypi/ruamel.yaml@1")), inventory("b", comp("pkg:pypi/ruamel_yaml@1")),
		reconcile.KindComponent, reconcile.CauseSpelling, reconcile.Proven},
	{"epoch left out", inventory("a", comp("pkg:deb/debian/bsdutils@1%3A2.36.1", from("util-linux", "2.36.1"))),
		inventory("b", comp("pkg:deb/debian/bsdutils@2.36.1", from("util-linux", "2.36.1"))),
		reconcile.KindComponent, reconcile.CauseSpelling, reconcile.Inferred},
	{"equal rank", inventory("a", comp("pkg:pypi/six@1.0")), inventory("b", comp("pkg:pypi/six@1.0.0")),
		reconcile.KindComponent, reconcile.CauseSpelling, reconcile.Inferred},
	{"guessed group of one jar", inventory("a", comp("pkg:maven/libintl/libintl@0.21", at("l.jar"))), inventory("b", comp("pkg:maven/gnu/libintl@0.21", at("l.jar"))),
		reconcile.KindComponent, reconcile.CauseSpelling, reconcile.Inferred},
	{"binary against source", inventory("a", comp("pkg:deb/debian/libssl3@3.0.11-1", from("openssl", "3.0.11-1"))),
		inventory("b", comp("pkg:deb/debian/openssl@3.0.11-1?arch=source")),
		reconcile.KindComponent, reconcile.CauseSourcePackage, reconcile.Proven},
	{"ownership", input(inventory("a", comp("pkg:deb/debian/python3-requests@2"), comp("pkg:pypi/requests@2", at("usr/lib/python3/requests.egg-info"))), func(in *reconcile.Input) {
		in.Inventory.Relationships = []sbom.Relationship{{From: "pkg:deb/debian/python3-requests@2", To: "pkg:pypi/requests@2 usr/lib/python3/requests.egg-info", Type: sbom.Owns}}
	}), inventory("b", comp("pkg:deb/debian/python3-requests@2")),
		reconcile.KindComponent, reconcile.CauseOwnership, reconcile.Proven},
	{"two places", inventory("a", comp("pkg:npm/x@1", at("a/package.json")), comp("pkg:npm/x@1", at("b/package.json"))), inventory("b", comp("pkg:npm/x@1")),
		reconcile.KindComponent, reconcile.CauseDuplicate, reconcile.Proven},
	{"cached archive beside the package", inventory("a", comp("pkg:deb/debian/apt@2", at("var/lib/dpkg/status")), comp("pkg:deb/debian/apt@2", at("var/cache/apt/archives/apt_2.deb"))),
		inventory("b", comp("pkg:deb/debian/apt@2")), reconcile.KindComponent, reconcile.CauseScope, reconcile.Proven},
	{"version conflict", inventory("a", comp("pkg:deb/debian/apt@2.6.1")), inventory("b", comp("pkg:deb/debian/apt@2.6.0")),
		reconcile.KindComponent, reconcile.CauseVersionConflict, reconcile.Proven},
	{"version conflict at different places", inventory("a", comp("pkg:npm/x@2.0.0", at("a/package.json"))), inventory("b", comp("pkg:npm/x@1.0.0", at("b/package.json"))),
		reconcile.KindComponent, reconcile.CauseVersionConflict, reconcile.Inferred},
	{"lock file", inventory("a", comp("pkg:npm/x@1", at("app/package-lock.json"))), inventory("b", comp(other, at("y"))),
		reconcile.KindComponent, reconcile.CauseScope, reconcile.Proven},
	{"deleted layer", inventory("a", comp("pkg:npm/x@1", at("x"), func(c *sbom.Component) { c.Attribution.Removed = layer })), inventory("b", comp(other, at("y"))),
		reconcile.KindComponent, reconcile.CauseScope, reconcile.Proven},
	{"not catalogued, seen by a witness", input(inventory("a", comp("pkg:gem/x@1", at("x.gemspec"))), func(in *reconcile.Input) { in.Witness = true }), inventory("b", comp(other)),
		reconcile.KindComponent, reconcile.CauseNotCatalogued, reconcile.Proven},
	{"not catalogued, by hearsay", inventory("a", comp("pkg:gem/x@1", at("x.gemspec"))), inventory("b", comp(other)),
		reconcile.KindComponent, reconcile.CauseNotCatalogued, reconcile.Inferred},
	{"no version", inventory("a", comp("pkg:golang/example.com/x@%28devel%29")), inventory("b", comp(other)),
		reconcile.KindComponent, reconcile.CauseHeuristic, reconcile.Proven},
	{"by a file's name", inventory("a", comp("pkg:npm/x@1", func(c *sbom.Component) {
		c.Evidence = []sbom.Evidence{{Technique: sbom.TechniqueFilename, Confidence: 0.3}}
	})), inventory("b", comp(other)), reconcile.KindComponent, reconcile.CauseHeuristic, reconcile.Proven},
	{"no purl", inventory("a", sbom.Component{ID: "m", Name: "mystery", Version: "1"}), inventory("b", comp(other)),
		reconcile.KindComponent, reconcile.CauseNotCorrelatable, reconcile.Proven},
	{"one file, two identities", inventory("a", comp("pkg:maven/org.apache/logging@1.2", at("l.jar"))), inventory("b", comp("pkg:maven/commons-logging/commons-logging@1.2", at("l.jar"))),
		reconcile.KindComponent, reconcile.CauseHeuristic, reconcile.Inferred},
	{"one file, two identities, and a witness who found no group in it", inventory("a", comp("pkg:maven/org.apache/logging@1.2", at("l.jar"))),
		input(inventory("b", bareJar("l.jar")), func(in *reconcile.Input) { in.Witness, in.Inventory.Gaps = true, noGroup("l.jar") }),
		reconcile.KindComponent, reconcile.CauseHeuristic, reconcile.Proven},
	{"the same by hearsay", inventory("a", comp("pkg:maven/org.apache/logging@1.2", at("l.jar"))),
		input(inventory("b", bareJar("l.jar")), func(in *reconcile.Input) { in.Inventory.Gaps = noGroup("l.jar") }),
		reconcile.KindComponent, reconcile.CauseHeuristic, reconcile.Inferred},
	{"seen from the side without a purl", input(inventory("a", bareJar("l.jar")), func(in *reconcile.Input) { in.Witness, in.Inventory.Gaps = true, noGroup("l.jar") }),
		inventory("b", comp("pkg:maven/org.apache/logging@1.2", at("l.jar"))),
		reconcile.KindComponent, reconcile.CauseHeuristic, reconcile.Proven},
	{"other side has no purl", inventory("a", comp("pkg:deb/debian/adduser@3")), inventory("b", sbom.Component{ID: "x", Name: "adduser", Version: "3"}),
		reconcile.KindComponent, reconcile.CauseNotCorrelatable, reconcile.Inferred},
	{"nothing known", inventory("a", comp("pkg:npm/x@1")), inventory("b", comp(other)),
		reconcile.KindComponent, reconcile.CauseUnexplained, reconcile.Unexplained},

	{"alias", findings("a", vuln("GHSA-1", "pkg:npm/x@1", aliases("CVE-2024-1"))), findings("b", vuln("CVE-2024-1", "pkg:npm/x@1")),
		reconcile.KindFinding, reconcile.CauseAlias, reconcile.Proven},
	{"alias by a third", findings("a", vuln("GHSA-1", "pkg:npm/x@1", aliases("CVE-2024-1"))), findings("b", vuln("GO-1", "pkg:npm/x@1", aliases("CVE-2024-1"))),
		reconcile.KindFinding, reconcile.CauseAlias, reconcile.Proven},
	{"alias by name", findings("a", vuln("DEBIAN-CVE-2024-1", "pkg:deb/debian/x@1")), findings("b", vuln("CVE-2024-1", "pkg:deb/debian/x@1")),
		reconcile.KindFinding, reconcile.CauseAlias, reconcile.Proven},
	{"advisory that covers it", findings("a", vuln("CVE-2024-1", "pkg:deb/debian/x@1")),
		findings("b", vuln("DSA-1-1", "pkg:deb/debian/x@1", func(f *scan.Finding) { f.Related = []string{"CVE-2024-1", "CVE-2024-2"} })),
		reconcile.KindFinding, reconcile.CauseAlias, reconcile.Proven},
	{"another package of the source", findings("a", vuln("CVE-2024-1", "pkg:deb/debian/libssl3@3", source("openssl", "3"))), findings("b", vuln("CVE-2024-1", "pkg:deb/debian/openssl@3", source("openssl", "3"))),
		reconcile.KindFinding, reconcile.CauseOtherPackage, reconcile.Proven},
	{"the component is missing", input(inventory("a", comp("pkg:gem/x@1", at("x.gemspec"))), func(in *reconcile.Input) {
		in.Report = &scan.Report{Findings: []scan.Finding{vuln("CVE-2024-1", "pkg:gem/x@1")}}
	}), input(inventory("b", comp(other)), func(in *reconcile.Input) { in.Report = &scan.Report{} }),
		reconcile.KindFinding, reconcile.CauseComponentMissing, reconcile.Proven},
	{"other release", input(findings("a", vuln("CVE-2024-1", "pkg:deb/debian/x@1")), release("11")), input(findings("b"), release("12")),
		reconcile.KindFinding, reconcile.CauseRelease, reconcile.Proven},
	{"guessed CPE", findings("a", vuln("CVE-2024-1", "pkg:npm/x@1", func(f *scan.Finding) { f.Match = scan.Match{Method: scan.MethodCPE, Words: "cpe-match"} })), findings("b"),
		reconcile.KindFinding, reconcile.CauseMatchGuess, reconcile.Proven},
	{"not assessed", findings("a", vuln("CVE-2024-1", "pkg:npm/x@1")), input(inventory("b", comp("pkg:npm/x@1")), func(in *reconcile.Input) {
		c := comp("pkg:npm/x@1")
		in.Report = &scan.Report{Unassessed: []scan.Unassessed{{Component: scan.RefOf(&c), Reason: "no data for npm"}}}
	}), reconcile.KindFinding, reconcile.CausePartialRun, reconcile.Proven},
	{"newer record", findings("a", vuln("CVE-2024-1", "pkg:npm/x@1", func(f *scan.Finding) { f.Published = time.Unix(2e9, 0) })),
		input(findings("b"), func(in *reconcile.Input) { in.Report.Database.Built = time.Unix(1e9, 0) }),
		reconcile.KindFinding, reconcile.CauseNewerData, reconcile.Proven},
	{"other range", findings("a", vuln("CVE-2024-1", "pkg:npm/x@2.0.0", fixed("3.0.0"))), findings("b", vuln("CVE-2024-1", "pkg:npm/x@1.0.0", fixed("2.0.0")), vuln("CVE-2024-2", "pkg:npm/x@2.0.0")),
		reconcile.KindFinding, reconcile.CauseRange, reconcile.Proven},
	{"contradicts the order", findings("a", vuln("CVE-2024-1", "pkg:deb/debian/x@1.10", fixed("1.9"))), findings("b"),
		reconcile.KindFinding, reconcile.CauseVersionOrder, reconcile.Proven},
	{"suppressed", findings("a", vuln("CVE-2024-1", "pkg:npm/x@1")), findings("b", vuln("CVE-2024-1", "pkg:npm/x@1", func(f *scan.Finding) {
		f.Status, f.Justification = scan.StatusNotAffected, "component_not_present"
	})), reconcile.KindFinding, reconcile.CauseSuppressed, reconcile.Proven},
	{"unreachable", findings("a", vuln("CVE-2024-1", "pkg:npm/x@1")), findings("b", vuln("CVE-2024-1", "pkg:npm/x@1", func(f *scan.Finding) {
		f.Status, f.Justification = scan.StatusNotAffected, "vulnerable_code_not_in_execute_path"
	})), reconcile.KindFinding, reconcile.CauseUnreachable, reconcile.Proven},
	{"unfixed left out", findings("a", vuln("CVE-2024-1", "pkg:npm/x@1", func(f *scan.Finding) { f.Fix = scan.FixNone })), findings("b", many(25)...),
		reconcile.KindFinding, reconcile.CauseSuppressed, reconcile.Inferred},
	{"nothing known of a finding", findings("a", vuln("CVE-2024-1", "pkg:npm/x@1")), findings("b"),
		reconcile.KindFinding, reconcile.CauseUnexplained, reconcile.Unexplained},
	{"severity", findings("a", vuln("CVE-2024-1", "pkg:npm/x@1")), findings("b", vuln("CVE-2024-1", "pkg:npm/x@1", func(f *scan.Finding) { f.Severity = scan.SeverityLow })),
		reconcile.KindSeverity, reconcile.CauseSeverity, reconcile.Proven},
}

// bareJar is a jar that states no group: it has no purl.
func bareJar(path string) sbom.Component {
	c := sbom.Component{ID: "jar", Type: sbom.TypeLibrary, Name: "commons-logging", Version: "1.2", Hashes: []sbom.Digest{sha1}}
	c.Evidence = []sbom.Evidence{{Technique: sbom.TechniqueManifest, Confidence: 0.9, Detector: "java@1", Location: sbom.Location{Path: path, Layer: layer}}}
	return c
}

func noGroup(path string) []sbom.Gap {
	return []sbom.Gap{{Kind: sbom.GapIncomplete, Path: path, Layer: layer, Component: "jar", Message: "nothing states the group id"}}
}

func aliases(ids ...string) func(f *scan.Finding) {
	return func(f *scan.Finding) { f.Aliases = ids }
}

func fixed(version string) func(f *scan.Finding) {
	return func(f *scan.Finding) { f.FixedVersions, f.Fix = []string{version}, scan.FixAvailable }
}

func source(name, version string) func(f *scan.Finding) {
	return func(f *scan.Finding) { f.Component.Source = &sbom.SourcePackage{Name: name, Version: version} }
}

func release(version string) func(in *reconcile.Input) {
	return func(in *reconcile.Input) {
		in.Report.Distribution = &sbom.Distribution{ID: "debian", VersionID: version}
	}
}

func many(n int) []scan.Finding {
	var all []scan.Finding
	for i := range n {
		all = append(all, vuln(fmt.Sprintf("CVE-2023-%d", i), "pkg:npm/y@1", fixed("2")))
	}
	return all
}

func TestPlanted(t *testing.T) {
	covered := make(map[reconcile.Cause]bool)
	for _, tt := range planted {
		covered[tt.cause] = true
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, tt.a, tt.b)
			var about *reconcile.Difference
			for i := range r.Differences {
				if d := &r.Differences[i]; d.Kind == tt.kind && slices.Contains(d.In, "a") {
					if about != nil {
						t.Errorf("two differences:\n%s\n%s", about.Explain(), d.Explain())
					}
					about = d
				}
			}
			if about == nil {
				t.Fatalf("no difference of kind %s: %+v", tt.kind, r.Summary)
			}
			if about.Cause != tt.cause || about.Certainty != tt.certainty {
				t.Errorf("%s and %s, want %s and %s:\n%s", about.Cause, about.Certainty, tt.cause, tt.certainty, about.Explain())
			}
			if about.Explain() == "" || about.Cause.Code() == "" || !strings.Contains(about.String(), about.Cause.Words()) {
				t.Errorf("not explained: %q", about)
			}
		})
	}
	for _, c := range reconcile.Causes() {
		if !covered[c] {
			t.Errorf("no case plants %s", c)
		}
	}
}

// Near-misses: components that must not be joined.
func TestNearMisses(t *testing.T) {
	for _, tt := range []struct{ a, b sbom.Component }{
		{comp("pkg:deb/debian/libssl1.1@1.1.1"), comp("pkg:deb/debian/libssl3@1.1.1")},
		{comp("pkg:deb/debian/python3-requests@2.28.1"), comp("pkg:pypi/requests@2.28.1")},
		{comp("pkg:npm/lodash@4.17.21", at("package-lock.json")), comp("pkg:npm/lodash-es@4.17.21", at("package-lock.json"))},
		{comp("pkg:npm/six@1.16.0", at("x")), comp("pkg:pypi/six@1.16.0", at("x"))},
		{comp("pkg:deb/debian/a@1%3A2"), comp("pkg:deb/debian/a@2%3A2")},
		{comp("pkg:deb/debian/a@1%3A2", from("x", "")), comp("pkg:deb/debian/a@2", from("y", ""))},
		{comp("pkg:deb/debian/a@1-1%2Bb1"), comp("pkg:deb/debian/a@1-1%2Bb2")},
		{comp("pkg:deb/debian/libc6@2.36?arch=amd64"), comp("pkg:deb/debian/libc6@2.36?arch=i386")},
		{comp("pkg:cargo/a@1.0.0%2B1"), comp("pkg:cargo/a@1.0.0%2B2")},
		{sbom.Component{ID: "1", Name: "nginx", Version: "1.25"}, sbom.Component{ID: "2", Name: "nginx", Version: "1.25"}},
		{comp("pkg:generic/nginx@1.25"), comp("pkg:deb/debian/nginx@1.25")},
		{comp("pkg:maven/a/core@1", at("a.jar")), comp("pkg:maven/b/core@1", at("b.jar"))},
	} {
		r := run(t, inventory("a", tt.a), inventory("b", tt.b))
		if r.Summary.Components != 2 || r.Summary.SharedComponents != 0 {
			t.Errorf("%s and %s are one component: %+v", tt.a.ID, tt.b.ID, r.Components)
		}
	}
}

// One input has two components that the other's could be: neither is chosen.
func TestAmbiguousIsNotJoined(t *testing.T) {
	jar := func(group string) sbom.Component { return comp("pkg:maven/"+group+"/core@1", at("fat.jar")) }
	r := run(t, inventory("a", jar("x"), jar("y")), inventory("b", jar("z")))
	if r.Summary.SharedComponents != 0 {
		t.Errorf("joined: %+v", r.Components)
	}
	r = run(t, inventory("a", comp("pkg:deb/debian/a@1%3A2"), comp("pkg:deb/debian/a@3%3A2")), inventory("b", comp("pkg:deb/debian/a@2")))
	if r.Summary.SharedComponents != 0 {
		t.Errorf("joined: %+v", r.Components)
	}
}

// A record that calls two CVEs one thing does not make them one.
func TestAliasesNeverFoldCVEs(t *testing.T) {
	r := run(t, findings("a", vuln("GHSA-1", "pkg:npm/x@1", aliases("CVE-2024-1", "CVE-2024-2"))),
		findings("b", vuln("CVE-2024-1", "pkg:npm/x@1"), vuln("CVE-2024-2", "pkg:npm/x@1")))
	if r.Summary.Findings != 2 || r.Summary.SharedFindings != 1 {
		t.Errorf("%+v", r.Findings)
	}
	r = run(t, findings("a", vuln("DSA-1-1", "pkg:deb/debian/x@1", aliases("CVE-2024-1", "CVE-2024-2"))),
		findings("b", vuln("CVE-2024-1", "pkg:deb/debian/x@1"), vuln("CVE-2024-2", "pkg:deb/debian/x@1")))
	if r.Summary.Findings != 3 {
		t.Errorf("an advisory is one of its vulnerabilities: %+v", r.Findings)
	}
}

// Absence from a report that names only what has findings means nothing.
func TestPartialReports(t *testing.T) {
	r := run(t, findings("grype", vuln("CVE-1", "pkg:npm/x@1")), inventory("sbom", comp("pkg:npm/x@1"), comp("pkg:npm/y@1")))
	if len(r.Differences) != 0 || r.Inputs[0].Complete || !r.Inputs[1].Complete {
		t.Errorf("%+v %+v", r.Inputs, r.Differences)
	}
}

// A report without package types joins by vulnerability, name and version.
func TestUntypedReport(t *testing.T) {
	bare := vuln("CVE-1", "pkg:deb/debian/libssl3@3.0.11-1")
	bare.Component = scan.ComponentRef{Name: "openssl/libssl3", Version: "3.0.11-1"}
	r := run(t, findings("snyk", bare), findings("trivy", vuln("CVE-1", "pkg:deb/debian/libssl3@3.0.11-1")))
	if r.Summary.SharedFindings != 1 || r.Summary.Findings != 1 {
		t.Errorf("%+v", r.Findings)
	}
}

func TestSeveralInputsOneDifference(t *testing.T) {
	r := run(t, inventory("a", comp("pkg:gem/x@1", at("x.gemspec"))), inventory("b", comp(other)), inventory("c", comp(other)))
	var about []reconcile.Difference
	for _, d := range r.Differences {
		if d.In[0] == "a" {
			about = append(about, d)
		}
	}
	if len(about) != 1 || !slices.Equal(about[0].NotIn, []string{"b", "c"}) || len(about[0].Proof.Absence) != 2 {
		t.Errorf("%+v", about)
	}
}

func TestRunErrors(t *testing.T) {
	ok := inventory("a")
	for name, in := range map[string][]reconcile.Input{
		"none":     nil,
		"no name":  {inventory("")},
		"twice":    {ok, ok},
		"empty":    {{Name: "a"}},
		"too many": make([]reconcile.Input, reconcile.MaxInputs+1),
	} {
		if _, err := reconcile.Run(context.Background(), in, nil); !errors.Is(err, reconcile.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
		if err := reconcile.Verify(&reconcile.Reconciliation{}, in); !errors.Is(err, reconcile.ErrInput) {
			t.Errorf("Verify, %s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := reconcile.Run(ctx, []reconcile.Input{ok}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	_, err := reconcile.Run(context.Background(), []reconcile.Input{planted[0].a, planted[0].b}, &reconcile.Options{SameSubject: true})
	if !errors.Is(err, reconcile.ErrSubject) {
		t.Errorf("other subject: %v", err)
	}
}

// Manifest digests depend on compression; the config digest decides.
func TestSubjectCompatible(t *testing.T) {
	with := func(name string, s sbom.Subject) reconcile.Input {
		return input(inventory(name, comp(other)), func(in *reconcile.Input) { in.Inventory.Subject = s })
	}
	for _, tt := range []struct {
		a, b sbom.Subject
		same bool
	}{
		{sbom.Subject{Digest: sha1, Config: sha1}, sbom.Subject{Digest: sha2, Config: sha1}, true},
		{sbom.Subject{Digest: sha1}, sbom.Subject{Digest: sha2}, false},
		{sbom.Subject{Digest: sha1}, sbom.Subject{Digest: sha2, Index: sha1}, true},
		{sbom.Subject{Digest: sha1}, sbom.Subject{}, true},
		{sbom.Subject{Platform: sbom.Platform{OS: "linux", Architecture: "amd64"}}, sbom.Subject{Platform: sbom.Platform{OS: "linux", Architecture: "arm64"}}, false},
	} {
		r := run(t, with("a", tt.a), with("b", tt.b))
		if same := r.Summary.Count(reconcile.KindSubject, "") == 0; same != tt.same {
			t.Errorf("%+v and %+v: same %v", tt.a, tt.b, same)
		}
	}
}

func TestFilesOption(t *testing.T) {
	file := sbom.Component{ID: "f", Type: sbom.TypeFile, Name: "/bin/sh"}
	in := []reconcile.Input{inventory("a", file), inventory("b", comp(other))}
	r := run(t, in...)
	if len(r.Components) != 2 || r.Summary.Components != 1 || r.Summary.Count(reconcile.KindComponent, "") != 1 {
		t.Errorf("%+v", r.Summary)
	}
	all, err := reconcile.Run(context.Background(), in, &reconcile.Options{Files: true})
	if err != nil || all.Summary.Components != 2 || all.Summary.Count(reconcile.KindComponent, "") != 2 {
		t.Errorf("%v %+v", err, all.Summary)
	}
}

// A proof that was changed, or whose input was, does not verify.
func TestVerifyRefuses(t *testing.T) {
	for _, tt := range planted {
		inputs := []reconcile.Input{tt.a, tt.b}
		for name, change := range map[string]func(d *reconcile.Difference){
			"words":    func(d *reconcile.Difference) { d.Proof.Sides[0].Words += "x" },
			"input":    func(d *reconcile.Difference) { d.Proof.Sides[0].Input = "nobody" },
			"document": func(d *reconcile.Difference) { d.Proof.Sides[0].Document = sha2 },
			"nothing":  func(d *reconcile.Difference) { d.Proof = reconcile.Proof{} },
			"comparison": func(d *reconcile.Difference) {
				d.Proof.Comparison = &reconcile.Comparison{Ecosystem: "npm", A: "1", B: "2", Result: 1}
			},
			"edge": func(d *reconcile.Difference) {
				d.Proof.Edges = []reconcile.Edge{{Kind: reconcile.EdgeAlias, From: "A", To: "B"}}
			},
			"file":    func(d *reconcile.Difference) { d.Proof.File = &reconcile.FileProof{Input: "a", Path: "nowhere"} },
			"because": func(d *reconcile.Difference) { d.Proof.Because = "d-0" },
			"candidate": func(d *reconcile.Difference) {
				d.Proof.Candidates = []reconcile.Side{{Input: "b", Component: "none", Field: "purl", Words: "x"}}
			},
			"absence": func(d *reconcile.Difference) {
				d.Proof.Absence = []reconcile.Absence{{Input: "b", Type: "npm", Path: "nowhere", AtPath: 7}}
			},
		} {
			r := run(t, inputs...)
			change(&r.Differences[0])
			var pe *reconcile.ProofError
			if err := reconcile.Verify(r, inputs); !errors.Is(err, reconcile.ErrProof) || !errors.As(err, &pe) || pe.Difference != r.Differences[0].ID {
				t.Errorf("%s: %s was changed, and Verify says %v", tt.name, name, err)
			}
		}
	}
}

// A spelling claimed of two different components does not verify.
func TestVerifyRefusesFalseCauses(t *testing.T) {
	inputs := []reconcile.Input{inventory("a", comp("pkg:npm/lodash@1")), inventory("b", comp("pkg:npm/lodash-es@1"))}
	for _, cause := range []reconcile.Cause{reconcile.CauseSpelling, reconcile.CauseVersionConflict, reconcile.CauseSourcePackage, reconcile.CauseScope,
		reconcile.CauseAlias, reconcile.CauseNotCatalogued, reconcile.CauseOwnership, reconcile.CauseOtherSubject} {
		r := run(t, inputs...)
		d := &r.Differences[slices.IndexFunc(r.Differences, func(d reconcile.Difference) bool { return d.In[0] == "a" })]
		d.Cause, d.Certainty = cause, reconcile.Proven
		d.Proof.Sides = append(d.Proof.Sides, reconcile.Side{Input: "b", Document: sha1, Component: "pkg:npm/lodash-es@1", Field: "purl", Words: "pkg:npm/lodash-es@1"})
		if cause == reconcile.CauseOtherSubject {
			d.Proof.Sides = d.Proof.Sides[:1]
		}
		if err := reconcile.Verify(r, inputs); !errors.Is(err, reconcile.ErrProof) {
			t.Errorf("%s verifies: %v", cause, err)
		}
	}
}

// What is said to be lacking must be lacking.
func TestVerifyLooksForWhatIsMissing(t *testing.T) {
	r := run(t, inventory("a", comp("pkg:npm/x@1")), inventory("b", comp(other)))
	if err := reconcile.Verify(r, []reconcile.Input{inventory("a", comp("pkg:npm/x@1")), inventory("b", comp(other), comp("pkg:npm/x@v1"))}); !errors.Is(err, reconcile.ErrProof) {
		t.Errorf("b has the component: %v", err)
	}
	f := vuln("CVE-1", "pkg:npm/x@1")
	r = run(t, findings("a", f), findings("b"))
	if err := reconcile.Verify(r, []reconcile.Input{findings("a", f), findings("b", f)}); !errors.Is(err, reconcile.ErrProof) {
		t.Errorf("b has the finding: %v", err)
	}
}

// The result survives JSON, and still verifies.
func TestStoredResultVerifies(t *testing.T) {
	for _, tt := range planted {
		inputs := []reconcile.Input{tt.a, tt.b}
		text, err := json.Marshal(run(t, inputs...))
		if err != nil {
			t.Fatal(err)
		}
		var back reconcile.Reconciliation
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if err := reconcile.Verify(&back, inputs); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		again, _ := json.Marshal(run(t, inputs...))
		if string(again) != string(text) {
			t.Errorf("%s: two runs differ", tt.name)
		}
	}
}
