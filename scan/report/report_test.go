package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

var update = flag.Bool("update", false, "write the golden files")

func decodeFile(t testing.TB, name string, opts *Options) (*scan.Report, error) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return Decode(f, opts)
}

// TestGolden compares every field of the reports with the golden files.
func TestGolden(t *testing.T) {
	for _, name := range []string{"grype.json", "trivy.json", "cyclonedx.json", "cyclonedx.xml"} {
		t.Run(name, func(t *testing.T) {
			rep, err := decodeFile(t, filepath.Join("testdata", name), nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(struct{ Report, Inventory any }{rep, rep.Inventory}, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".golden")
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
		})
	}
}

// find returns the finding with an id; it fails the test when there is none.
func find(t *testing.T, rep *scan.Report, id string) *scan.Finding {
	t.Helper()
	for i := range rep.Findings {
		if rep.Findings[i].ID == id {
			return &rep.Findings[i]
		}
	}
	t.Fatalf("no finding %s", id)
	return nil
}

// TestMeaning states what the golden files must mean, so that an update cannot
// silently change it.
func TestMeaning(t *testing.T) {
	type want struct {
		file, id      string
		status        scan.Status
		fix           scan.FixState
		method        scan.Method
		severity      scan.Severity
		justification string
		aliases       []string
		related       []string
	}
	for _, w := range []want{
		{file: "grype.json", id: "GHSA-aaaa-bbbb-cccc", status: scan.StatusAffected, fix: scan.FixAvailable, method: scan.MethodExact,
			severity: scan.SeverityHigh, aliases: []string{"CVE-2024-0001"}},
		{file: "grype.json", id: "CVE-2024-0002", status: scan.StatusAffected, fix: scan.FixWontFix, method: scan.MethodSource,
			severity: scan.SeverityNegligible, related: []string{"DSA-1-1"}},
		{file: "grype.json", id: "CVE-2024-0003", status: scan.StatusSuppressed, method: scan.MethodCPE, severity: scan.SeverityLow,
			justification: "reason: accepted, vulnerability: CVE-2024-0003"},
		{file: "grype.json", id: "CVE-2024-0004", status: scan.StatusNotAffected, severity: scan.SeverityLow,
			justification: "vex-status: not_affected, vex-justification: component_not_present, namespace: vex"},
		{file: "trivy.json", id: "CVE-2024-0002", status: scan.StatusAffected, fix: scan.FixAvailable, method: scan.MethodSource,
			severity: scan.SeverityMedium, related: []string{"DSA-1-1"}},
		{file: "trivy.json", id: "CVE-2024-0005", status: scan.StatusAffected, fix: scan.FixWontFix, method: scan.MethodExact},
		{file: "trivy.json", id: "CVE-2024-0001", status: scan.StatusAffected, fix: scan.FixAvailable, method: scan.MethodExact,
			severity: scan.SeverityHigh, aliases: []string{"GHSA-aaaa-bbbb-cccc"}},
		{file: "trivy.json", id: "CVE-2024-0006", status: scan.StatusNotAffected, method: scan.MethodExact, severity: scan.SeverityHigh,
			justification: "not_affected; vulnerable_code_not_in_execute_path; vex.json"},
		{file: "trivy.json", id: "CVE-2024-0007", status: scan.StatusSuppressed, method: scan.MethodExact, severity: scan.SeverityLow,
			justification: "ignored; .trivyignore"},
		{file: "trivy.json", id: "CVE-2024-0008", status: scan.StatusUnderInvestigation, method: scan.MethodExact, severity: scan.SeverityLow},
		{file: "cyclonedx.json", id: "CVE-2024-0009", status: scan.StatusAffected, fix: scan.FixAvailable, severity: scan.SeverityMedium,
			aliases: []string{"GHSA-dddd-eeee-ffff"}, related: []string{"ALAS-1"}},
		{file: "cyclonedx.json", id: "CVE-2024-0010", status: scan.StatusNotAffected, fix: scan.FixWontFix, justification: "code_not_reachable; never called"},
		{file: "cyclonedx.json", id: "CVE-2024-0011", status: scan.StatusNotAffected, justification: "false_positive"},
		{file: "cyclonedx.json", id: "CVE-2024-0012", status: scan.StatusUnderInvestigation},
		{file: "cyclonedx.json", id: "CVE-2024-0013", status: scan.StatusFixed},
		{file: "cyclonedx.xml", id: "CVE-2024-0009", status: scan.StatusAffected, severity: scan.SeverityHigh},
	} {
		rep, err := decodeFile(t, filepath.Join("testdata", w.file), nil)
		if err != nil {
			t.Fatal(err)
		}
		f := find(t, rep, w.id)
		got := want{w.file, f.ID, f.Status, f.Fix, f.Match.Method, f.Severity, f.Justification, f.Aliases, f.Related}
		if diff := cmp.Diff(w, got, cmp.AllowUnexported(want{})); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", w.file, w.id, diff)
		}
	}
}

// TestMalformedRows: a row that is malformed is a gap that says where, and the
// others are there.
func TestMalformedRows(t *testing.T) {
	for file, want := range map[string][]string{
		"grype.json":     {"/matches/2: "},
		"trivy.json":     {"/Results/0/Packages/2: ", "/Results/0/Vulnerabilities/2: "},
		"cyclonedx.json": {`/vulnerabilities/0/affects/4: the document has no component "nowhere"`},
	} {
		rep, err := decodeFile(t, filepath.Join("testdata", file), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(rep.Gaps) != len(want) {
			t.Errorf("%s: gaps %v, want %d", file, rep.Gaps, len(want))
			continue
		}
		for i, w := range want {
			if !strings.HasPrefix(rep.Gaps[i].Message, w) {
				t.Errorf("%s: gap %q, want %q", file, rep.Gaps[i].Message, w)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	grype := `{"matches":[{},{},{}]}`
	for _, tc := range []struct {
		name, in string
		opts     *Options
		is       error
		text     string
	}{
		{name: "empty", in: "", is: ErrFormat},
		{name: "spaces", in: " \n\t", is: ErrFormat},
		{name: "a number", in: "17", is: ErrFormat},
		{name: "an array", in: "[]", is: ErrFormat},
		{name: "another object", in: `{"a":1}`, is: ErrFormat},
		{name: "SARIF", in: `{"version":"2.1.0","runs":[]}`, is: ErrFormat, text: "SARIF"},
		{name: "OpenVEX", in: `{"@context":"https://openvex.dev/ns"}`, is: ErrFormat, text: "OpenVEX"},
		{name: "CSAF", in: `{"document":{}}`, is: ErrFormat, text: "CSAF"},
		{name: "SPDX", in: `{"spdxVersion":"SPDX-2.3"}`, is: ErrFormat, text: "SPDX"},
		{name: "Syft", in: `{"artifacts":[]}`, is: ErrFormat, text: "Syft"},
		{name: "other XML", in: `<a xmlns="http://example.org"/>`, is: ErrFormat},
		{name: "broken XML", in: `<a`, is: ErrFormat},
		{name: "other than asked", in: grype, opts: &Options{Format: FormatTrivy}, is: ErrFormat, text: "Grype"},
		{name: "unknown format asked", in: grype, opts: &Options{Format: "x"}, is: ErrFormat},
		{name: "too long", in: grype, opts: &Options{MaxBytes: 10}, is: ErrLimit},
		{name: "too many Grype rows", in: grype, opts: &Options{MaxFindings: 2}, is: ErrLimit},
		{name: "too many Trivy rows", in: `{"ArtifactName":"a","Results":[{"Vulnerabilities":[{},{},{}]}]}`, opts: &Options{MaxFindings: 2}, is: ErrLimit},
		{name: "too many CycloneDX rows", in: `{"bomFormat":"CycloneDX","specVersion":"1.5","vulnerabilities":[{},{},{"affects":[{"ref":"a"}]}]}`, opts: &Options{MaxFindings: 2}, is: ErrLimit},
		{name: "cut off", in: `{"matches":[{"vulner`, text: "grype"},
		{name: "cut off XML", in: `<bom xmlns="http://cyclonedx.org/schema/bom/1.5">`, text: "cyclonedx"},
		{name: "wrong type", in: `{"ArtifactName":"a","Results":[],"Metadata":7}`, text: "trivy"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rep, err := Decode(strings.NewReader(tc.in), tc.opts)
			var de *DecodeError
			switch {
			case rep != nil || err == nil:
				t.Fatalf("got %v, %v", rep, err)
			case tc.is != nil && !errors.Is(err, tc.is):
				t.Errorf("error %v, want %v", err, tc.is)
			case tc.is == nil && !errors.As(err, &de):
				t.Errorf("error %v, want a DecodeError", err)
			case !strings.Contains(err.Error(), tc.text):
				t.Errorf("error %q does not say %q", err, tc.text)
			}
		})
	}
}

func TestReaderError(t *testing.T) {
	if _, err := Decode(iotest.ErrReader(io.ErrClosedPipe), nil); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v, want that of the reader", err)
	}
}

// TestByteOrderMark: redirecting the output on Windows puts one before it.
func TestByteOrderMark(t *testing.T) {
	rep, err := Decode(strings.NewReader("\xef\xbb\xbf"+`{"matches":[{"vulnerability":{"id":"CVE-1"}}]}`), nil)
	if err != nil || len(rep.Findings) != 1 {
		t.Errorf("got %v, %v", rep, err)
	}
}

// TestDirectoryTarget: Grype writes a text where an image's description stands.
func TestDirectoryTarget(t *testing.T) {
	rep, err := Decode(strings.NewReader(`{"matches":[],"source":{"type":"directory","target":"/srv"}}`), nil)
	if err != nil || rep.Subject.Name != "/srv" {
		t.Errorf("got %+v, %v", rep, err)
	}
}

// sharedReports is a directory of published reports beside the repository.
const sharedReports = "../../../shared/reports"

// rows counts the rows of a report without this package.
func rows(t *testing.T, text []byte) int {
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	list := func(v any) []any { l, _ := v.([]any); return l }
	n := len(list(doc["matches"])) + len(list(doc["ignoredMatches"]))
	for _, r := range list(doc["Results"]) {
		n += len(list(r.(map[string]any)["Vulnerabilities"]))
	}
	for _, v := range list(doc["vulnerabilities"]) {
		n += max(1, len(list(v.(map[string]any)["affects"])))
	}
	return n
}

// TestSharedReports: no row of any published report is lost, every finding points
// to where it came from, and what the tools say everywhere is read everywhere.
func TestSharedReports(t *testing.T) {
	var names []string
	for _, pattern := range []string{"*grype*.json", "*trivy*.json", "*.cdx.json", "*.cdx.xml"} {
		found, err := filepath.Glob(filepath.Join(sharedReports, pattern))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	if len(names) == 0 {
		t.Skipf("no published reports in %s", sharedReports)
	}
	total := 0
	for _, name := range names {
		base := filepath.Base(name)
		if strings.Contains(base, "sarif") || strings.Contains(base, "gitlab") || strings.HasSuffix(base, ".spdx") {
			continue
		}
		t.Run(base, func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := Decode(bytes.NewReader(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			if text[0] == '{' {
				want = rows(t, text)
			}
			if len(rep.Findings) != want {
				t.Errorf("%d findings of %d rows", len(rep.Findings), want)
			}
			for _, g := range rep.Gaps {
				if !strings.Contains(g.Message, "has no component") {
					t.Errorf("gap: %s", g.Message)
				}
			}
			total += len(rep.Findings)
			checkFindings(t, text, rep)
		})
	}
	if total < 600 {
		t.Errorf("%d findings in all reports; some must be missing", total)
	}
}

func checkFindings(t *testing.T, text []byte, rep *scan.Report) {
	t.Helper()
	var doc any
	if text[0] == '{' {
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
	}
	for i := range rep.Findings {
		f := &rep.Findings[i]
		if f.ID == "" || f.Status == "" {
			t.Errorf("%s: incomplete: %+v", f.Pointer, f)
		}
		// Trivy 0.29 wrote empty references for packages whose source has another version.
		if f.Component.Name == "" && !hasGap(rep, f.Pointer+": the document has no component") {
			t.Errorf("%s: no component, and no gap", f.Pointer)
		}
		if doc == nil {
			continue
		}
		row, ok := follow(doc, f.Pointer)
		if !ok {
			t.Errorf("pointer %s leads nowhere", f.Pointer)
			continue
		}
		if b, _ := json.Marshal(row); !strings.Contains(f.Pointer, "/affects/") && !bytes.Contains(b, []byte(f.ID)) {
			t.Errorf("pointer %s leads to a row without %s", f.Pointer, f.ID)
		}
	}
}

func hasGap(rep *scan.Report, prefix string) bool {
	return slices.ContainsFunc(rep.Gaps, func(g sbom.Gap) bool { return strings.HasPrefix(g.Message, prefix) })
}

// follow resolves a JSON pointer.
func follow(v any, pointer string) (any, bool) {
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch c := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = c[part]; !ok {
				return nil, false
			}
		case []any:
			var n int
			if err := json.Unmarshal([]byte(part), &n); err != nil || n >= len(c) {
				return nil, false
			}
			v = c[n]
		default:
			return nil, false
		}
	}
	return v, true
}

// TestOneImageThreeReports: the reports of one image by Grype and Trivy agree on
// what they are about.
func TestOneImageThreeReports(t *testing.T) {
	open := func(name string) *scan.Report {
		name = filepath.Join(sharedReports, name)
		if _, err := os.Stat(name); err != nil {
			t.Skip(err)
		}
		rep, err := decodeFile(t, name, nil)
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	grype, trivy, bom := open("redis-7.grype.json"), open("redis-7.trivy.json"), open("redis-7.trivy.cyclonedx.json")
	if grype.Subject.Config != trivy.Subject.Config || grype.Subject.Config == "" {
		t.Errorf("configs %q, %q", grype.Subject.Config, trivy.Subject.Config)
	}
	if grype.Subject.Index != trivy.Subject.Digest || trivy.Subject.Digest == "" {
		t.Errorf("registry digests %q, %q", grype.Subject.Index, trivy.Subject.Digest)
	}
	if len(bom.Findings) != len(trivy.Findings) || bom.Inventory == nil {
		t.Errorf("%d findings as CycloneDX, %d as JSON", len(bom.Findings), len(trivy.Findings))
	}
	for i := range trivy.Findings {
		f := &trivy.Findings[i]
		if f.Component.Location.Layer == nil {
			t.Errorf("%s: no layer", f.Pointer)
		}
	}
	for i := range grype.Findings {
		if f := &grype.Findings[i]; f.Match.Method == scan.MethodUnknown || f.Component.Location.Layer == nil {
			t.Errorf("%s: method %q, location %v", f.Pointer, f.Match.Method, f.Component.Location)
		}
	}
	if grype.Database.Built.IsZero() || grype.Database.Digest == "" || grype.Database.Version != "3" {
		t.Errorf("database %+v", grype.Database)
	}
}

// TestCycloneDXProduct: affected components times references may not become the
// square of the document's size.
func TestCycloneDXProduct(t *testing.T) {
	const n = 6000
	in := `{"bomFormat":"CycloneDX","specVersion":"1.5","vulnerabilities":[{"id":"CVE-1","references":[` +
		strings.Repeat(`{"id":"GHSA-1"},`, n) + `{"id":"GHSA-2"}],"affects":[` + strings.Repeat(`{"ref":"pkg:npm/a@1"},`, n) + `{"ref":"pkg:npm/b@1"}]}]}`
	if _, err := Decode(strings.NewReader(in), &Options{MaxFindings: 2 * n}); !errors.Is(err, ErrLimit) {
		t.Errorf("error %v, want ErrLimit", err)
	}
}
