package osv

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

var update = flag.Bool("update", false, "write the golden files")

// fixture reads testdata/scan.txtar: its records as an open index, and its inventory.
func fixture(t testing.TB) (*DB, *sbom.Inventory) {
	t.Helper()
	ar, err := txtar.ParseFile("testdata/scan.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files, err := txtar.FS(ar)
	if err != nil {
		t.Fatal(err)
	}
	records, err := fs.Sub(files, "records")
	if err != nil {
		t.Fatal(err)
	}
	b, stats := build(t, FS(records))
	if stats.Rejected > 0 {
		t.Fatalf("%v", stats.Failures)
	}
	db, err := OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(files, "inventory.json")
	if err != nil {
		t.Fatal(err)
	}
	inv := new(sbom.Inventory)
	if err := json.Unmarshal(text, inv); err != nil {
		t.Fatal(err)
	}
	return db, inv
}

func scanFixture(t testing.TB) *scan.Report {
	t.Helper()
	db, inv := fixture(t)
	rep, err := NewScanner(db, nil).Scan(t.Context(), inv)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// TestScanGolden compares the whole report.
func TestScanGolden(t *testing.T) {
	got, err := json.MarshalIndent(scanFixture(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/scan.golden"
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestScanRules states what the golden file must mean.
func TestScanRules(t *testing.T) {
	type row struct {
		Aliases  string
		Severity scan.Severity
		Status   scan.Status
		Fix      scan.FixState
		Method   scan.Method
		Range    string
	}
	want := map[string]row{
		// The source package's advisories, in the release of the image, and a
		// distribution's word on the severity.
		"libc6 DEBIAN-CVE-2024-1001": {"CVE-2024-1001", scan.SeverityMedium, scan.StatusAffected, scan.FixAvailable, scan.MethodSource, "introduced 0, fixed 2.36-9+deb12u3"},
		// An advisory of two vulnerabilities links to them and is not one of them.
		"libc6 DSA-9001-1": {"", scan.SeverityUnknown, scan.StatusAffected, scan.FixAvailable, scan.MethodSource, "introduced 0, fixed 2.36-9+deb12u3"},
		// Nobody will mend it.
		"libc6 DEBIAN-CVE-2024-1003": {"CVE-2024-1003", scan.SeverityUnknown, scan.StatusAffected, scan.FixWontFix, scan.MethodSource, "introduced 0"},
		// The fixed version is not affected by the others.
		"glibc DEBIAN-CVE-2024-1003":        {"CVE-2024-1003", scan.SeverityUnknown, scan.StatusAffected, scan.FixWontFix, scan.MethodExact, "introduced 0"},
		"deb-requests DEBIAN-CVE-2024-1005": {"CVE-2024-1005", scan.SeverityNegligible, scan.StatusAffected, scan.FixNone, scan.MethodSource, "introduced 0"},
		// Owned by a package: Debian says fixed, Debian has it itself, Debian is silent.
		"owned-requests PYSEC-2024-1": {"CVE-2024-1004 GHSA-1004-aaaa-aaaa", scan.SeverityMedium, scan.StatusFixed, scan.FixAvailable, scan.MethodExact, "introduced 0, fixed 2.29"},
		"owned-requests PYSEC-2024-2": {"CVE-2024-1005", scan.SeverityUnknown, scan.StatusSuppressed, scan.FixUnknown, scan.MethodExact, "version 2.28.1"},
		"owned-requests PYSEC-2024-3": {"CVE-2024-1006", scan.SeverityUnknown, scan.StatusAffected, scan.FixUnknown, scan.MethodExact, "introduced 2, last_affected 2.28.1"},
		// The same package, owned by nobody. PYSEC and GHSA are one finding.
		"own-requests PYSEC-2024-1": {"CVE-2024-1004 GHSA-1004-aaaa-aaaa", scan.SeverityMedium, scan.StatusAffected, scan.FixAvailable, scan.MethodExact, "introduced 0, fixed 2.29"},
		"own-requests PYSEC-2024-2": {"CVE-2024-1005", scan.SeverityUnknown, scan.StatusAffected, scan.FixUnknown, scan.MethodExact, "version 2.28.1"},
		"own-requests PYSEC-2024-3": {"CVE-2024-1006", scan.SeverityUnknown, scan.StatusAffected, scan.FixUnknown, scan.MethodExact, "introduced 2, last_affected 2.28.1"},
		"malware MAL-2024-1":        {"", scan.SeverityCritical, scan.StatusAffected, scan.FixUnknown, scan.MethodExact, "version 0.0.1"},
		"stdlib GO-2024-1":          {"CVE-2024-1007", scan.SeverityUnknown, scan.StatusAffected, scan.FixAvailable, scan.MethodExact, "introduced 1.22.0-0, fixed 1.22.4"},
		// Only on Windows.
		"stdlib GO-2024-2":     {"CVE-2024-1008", scan.SeverityUnknown, scan.StatusNotAffected, scan.FixAvailable, scan.MethodExact, "introduced 0, fixed 1.22.4"},
		"module GO-2024-3":     {"", scan.SeverityUnknown, scan.StatusAffected, scan.FixAvailable, scan.MethodExact, "introduced 0, fixed 1.2.4"},
		"crate RUSTSEC-2024-1": {"", scan.SeverityNegligible, scan.StatusAffected, scan.FixNone, scan.MethodExact, "introduced 0.0.0-0"},
	}
	rep := scanFixture(t)
	got := map[string]row{}
	for _, f := range rep.Findings {
		got[f.Component.ID+" "+f.ID] = row{strings.Join(f.Aliases, " "), f.Severity, f.Status, f.Fix, f.Match.Method, f.Match.Range}
		if f.Match.Record.Algorithm() != "sha256" || f.Match.Package == "" || f.Match.Version == "" || f.URL == "" {
			t.Errorf("%s: match %+v, URL %q", f.ID, f.Match, f.URL)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUnassessed: everything installed that no data speaks about is named, with
// the reason; what is no content of the image is not.
func TestUnassessed(t *testing.T) {
	want := map[string]string{
		"devel":       "its version is not known",
		"npm":         "the data has no records for npm",
		"no-purl":     "it has no package URL",
		"bad-purl":    "its package URL is malformed",
		"generic":     `there are no advisories for packages of type "generic"`,
		"rpm":         `there are no advisories for rpm packages of distribution "debian"`,
		"bad-version": "its version cannot be ordered",
	}
	rep := scanFixture(t)
	for _, u := range rep.Unassessed {
		if w := want[u.Component.ID]; w == "" || !strings.HasPrefix(u.Reason, w) {
			t.Errorf("%s: %s", u.Component.ID, u.Reason)
		}
		delete(want, u.Component.ID)
	}
	if len(want) > 0 {
		t.Errorf("not named: %v", want)
	}
	// A record that cannot be compared is a gap for each component concerned.
	gaps := 0
	for _, g := range rep.Gaps {
		if strings.Contains(g.Message, "DEBIAN-CVE-2024-1010") {
			gaps++
		}
	}
	if gaps != 2 || len(rep.Gaps) != 2 {
		t.Errorf("gaps %+v", rep.Gaps)
	}
}

// TestScopes: findings say the scope of their component, and what is left out for its
// scope is counted.
func TestScopes(t *testing.T) {
	db, inv := fixture(t)
	for _, tt := range []struct {
		scopes   []sbom.Scope
		found    map[string]sbom.Scope // by component
		excluded []scan.Excluded
	}{
		{nil, map[string]sbom.Scope{"owned-requests": "", "own-requests": sbom.ScopeBundled},
			[]scan.Excluded{{Scope: sbom.ScopeDeclared, Components: 1}, {Scope: sbom.ScopeFixture, Components: 1}, {Scope: sbom.ScopeResidual, Components: 1}}},
		{[]sbom.Scope{sbom.ScopeDeclared}, map[string]sbom.Scope{"declared": sbom.ScopeDeclared},
			[]scan.Excluded{{Scope: sbom.ScopeInstalled, Components: 15}, {Scope: sbom.ScopeBundled, Components: 1},
				{Scope: sbom.ScopeFixture, Components: 1}, {Scope: sbom.ScopeResidual, Components: 1}}},
	} {
		rep, err := NewScanner(db, &Options{Scopes: tt.scopes}).Scan(t.Context(), inv)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]sbom.Scope{}
		for _, f := range rep.Findings {
			if f.Component.Name == "requests" {
				found[f.Component.ID] = f.Component.Scope
			}
		}
		if diff := cmp.Diff(tt.found, found); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.scopes, diff)
		}
		if diff := cmp.Diff(tt.excluded, rep.Excluded); diff != "" {
			t.Errorf("%q: excluded (-want +got):\n%s", tt.scopes, diff)
		}
	}
}

func TestSymbols(t *testing.T) {
	for _, f := range scanFixture(t).Findings {
		var want []string
		switch f.ID {
		case "GO-2024-1":
			want = []string{"archive/zip.*", "net/http.Get", "net/http.Server.Serve"}
		case "RUSTSEC-2024-1":
			want = []string{"old::f"}
		}
		if diff := cmp.Diff(want, f.Symbols); diff != "" {
			t.Errorf("%s: %s", f.ID, diff)
		}
	}
}

func TestScores(t *testing.T) {
	for _, f := range scanFixture(t).Findings {
		if f.ID != "PYSEC-2024-1" {
			continue
		}
		want := []scan.Score{
			{Source: "github", Type: scan.TypeCVSS3, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Value: 9.8, Severity: scan.SeverityCritical},
			{Source: "github", Type: scan.TypeCVSS4, Vector: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:L/VA:L/SC:N/SI:N/SA:N", Value: 6.9, Severity: scan.SeverityMedium},
			{Source: "github", Severity: scan.SeverityHigh},
		}
		if diff := cmp.Diff(want, f.Scores); diff != "" {
			t.Error(diff)
		}
	}
}

// TestNoRelease: without a release no distribution's package is matched, and each
// says why.
func TestNoRelease(t *testing.T) {
	db, inv := fixture(t)
	for _, d := range []*sbom.Distribution{nil, {ID: "debian"}, {ID: "debian", VersionID: "13"}} {
		inv.Distribution = d
		rep, err := NewScanner(db, nil).Scan(t.Context(), inv)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range rep.Findings {
			if strings.HasPrefix(f.Component.PURL, "pkg:deb/") {
				t.Errorf("%+v: finding %s", d, f.ID)
			}
		}
		unassessed := 0
		for _, u := range rep.Unassessed {
			if strings.HasPrefix(u.Component.PURL, "pkg:deb/") {
				unassessed++
			}
		}
		if unassessed != 4 {
			t.Errorf("%+v: %d packages unassessed, want 4: %+v", d, unassessed, rep.Unassessed)
		}
	}
}

func TestScanErrors(t *testing.T) {
	db, inv := fixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rep, err := NewScanner(db, nil).Scan(ctx, inv); !errors.Is(err, context.Canceled) || rep != nil {
		t.Errorf("cancelled: %v, %v", rep, err)
	}
	if rep, err := NewScanner(db, &Options{MaxFindings: 3}).Scan(t.Context(), inv); !errors.Is(err, ErrLimit) || rep != nil {
		t.Errorf("limit: %v, %v", rep, err)
	}
	rep, err := NewScanner(db, nil).Scan(t.Context(), &sbom.Inventory{})
	if err != nil || len(rep.Findings)+len(rep.Unassessed) != 0 || rep.Database.Digest != db.Digest() {
		t.Errorf("empty inventory: %+v, %v", rep, err)
	}
}

// TestRejectedRecords: an index that lacks records says so in every report.
func TestRejectedRecords(t *testing.T) {
	b, _ := build(t, sourceOf(record("A-1", "", "npm", "a", "1.0.0"), "{"))
	db, err := OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := NewScanner(db, nil).Scan(t.Context(), &sbom.Inventory{})
	if err != nil || len(rep.Gaps) != 1 || rep.Gaps[0].Kind != sbom.GapIncomplete {
		t.Errorf("%+v, %v", rep, err)
	}
}

// TestConcurrentScans: one scanner, many scans, one result.
func TestConcurrentScans(t *testing.T) {
	db, inv := fixture(t)
	s := NewScanner(db, nil)
	want, err := s.Scan(t.Context(), inv)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := s.Scan(t.Context(), inv)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
	wg.Wait()
}

func TestGroupByAlias(t *testing.T) {
	m := func(id string, aliases ...string) match {
		return match{posting: &posting{}, facts: recordFacts{id: id, aliases: aliases}}
	}
	groups := groupByAlias("Go", []match{
		m("GHSA-1", "CVE-1"), m("GO-1", "CVE-1", "CVE-2"), m("GHSA-2", "CVE-2"), m("GO-9"), m("CVE-9", "GO-9"), m("X-1"),
	})
	var got [][]string
	for i := range groups {
		got = append(got, groups[i].ids())
	}
	want := [][]string{{"GO-1", "CVE-1", "CVE-2", "GHSA-1", "GHSA-2"}, {"GO-9", "CVE-9"}, {"X-1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
