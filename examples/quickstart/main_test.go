package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/policy"
	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
)

// demo examines the example's own image once for all tests.
func demo(t *testing.T) *trust {
	t.Helper()
	var c config
	if err := c.demo(); err != nil {
		t.Fatal(err)
	}
	tr, err := examine(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// component returns the software of that name, and not what only declares it.
func (t *trust) component(name string) *sbom.Component {
	for i := range t.inventory.Components {
		if c := &t.inventory.Components[i]; c.Name == name && c.Scope == sbom.ScopeInstalled {
			return c
		}
	}
	return nil
}

// TestPlantedFaults names what mkimage hid in the image: each must be found.
func TestPlantedFaults(t *testing.T) {
	tr := demo(t)
	files := map[string]sbom.State{}
	for _, f := range tr.inventory.Files {
		if f.Executable() {
			files[f.Path] = f.State()
		}
	}
	for path, want := range map[string]sbom.State{
		"usr/lib/x86_64-linux-gnu/libz.so.1.2.13":     sbom.StateModified,
		"usr/local/bin/fetchq":                        sbom.StateUnaccounted,
		"usr/lib/x86_64-linux-gnu/libexpat.so.1.8.10": sbom.StateIntact,
		"usr/bin/dash":                                sbom.StateIntact,
		"app/storefront":                              sbom.StateIdentified,
	} {
		if files[path] != want {
			t.Errorf("%s is %q, want %q", path, files[path], want)
		}
	}
	for name, want := range map[string]string{"zlib1g": "0 - -", "lodash": "1 - -", "minimist": "1 4 -", "left-pad": "1 - 4", "wheel": "2 - -", "commons-logging": "2 - -"} {
		c := tr.component(name)
		if c == nil {
			t.Errorf("%s was not found", name)
			continue
		}
		if got := layers(c.Attribution); got != want {
			t.Errorf("%s: introduced, modified, removed in layers %s, want %s", name, got, want)
		}
	}
	if c := tr.component("commons-logging"); c != nil && (c.Group != "" || c.PURL != "") {
		t.Errorf("the jar states no group id, and has %q, %q", c.Group, c.PURL)
	}
}

func layers(a sbom.Attribution) string {
	var words []string
	for _, r := range []*sbom.LayerRef{a.Introduced, a.Modified, a.Removed} {
		if r == nil {
			words = append(words, "-")
		} else {
			words = append(words, string(rune('0'+r.Index)))
		}
	}
	return strings.Join(words, " ")
}

// TestFindings compares with what the real Grype found on the same data.
func TestFindings(t *testing.T) {
	tr := demo(t)
	if len(tr.reports) != 2 {
		t.Fatalf("%d reports, want ours and Grype's", len(tr.reports))
	}
	ids := func(i int) (all []string) {
		for _, f := range tr.reports[i].Findings {
			cve := f.ID
			for _, id := range f.IDs() {
				if strings.HasPrefix(id, "CVE-") {
					cve = id
				}
			}
			all = append(all, f.Component.Name+" "+strings.TrimPrefix(cve, "DEBIAN-"))
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	ours, grype := ids(0), ids(1)
	if len(grype) < 50 || !slices.Equal(ours, grype) {
		t.Errorf("ours\n%s\nGrype's\n%s", strings.Join(ours, "\n"), strings.Join(grype, "\n"))
	}
}

// TestDifferences names the differences between the tools that were planted.
func TestDifferences(t *testing.T) {
	tr := demo(t)
	for _, want := range []struct {
		name, version string
		cause         reconcile.Cause
	}{
		{"left-pad", "1.3.0", reconcile.CauseScope}, // a lock file names it, a later layer removed it
		{"minimist", "1.2.5", reconcile.CauseScope}, // likewise, upgraded
		{"zlib1g", "", reconcile.CauseSpelling},     // epoch, distro qualifier, source
		{"stdlib", "", reconcile.CauseSpelling},     // pkg:golang/go of osv-scalibr
		{"libexpat1", "", reconcile.CauseAlias},     // DEBIAN-CVE and CVE
	} {
		found := slices.ContainsFunc(tr.reconciliation.Differences, func(d reconcile.Difference) bool {
			return d.Component.Name == want.name && (want.version == "" || d.Component.Version == want.version) && d.Cause == want.cause && d.Certainty == reconcile.Proven
		})
		if !found {
			t.Errorf("no proven difference about %s %s because of %s", want.name, want.version, want.cause)
		}
	}
	for _, d := range tr.reconciliation.Differences {
		if d.Certainty == reconcile.Unexplained {
			t.Errorf("unexplained: %s", d.String())
		}
	}
}

func TestDecision(t *testing.T) {
	tr := demo(t)
	codes := map[string]int{}
	for _, r := range tr.decision.Reasons {
		codes[string(r.Verdict)+" "+r.Code]++
	}
	if tr.decision.Verdict != policy.Deny || codes["deny modified"] != 1 || codes["deny unaccounted"] != 1 || codes["deny fixable"] != 1 {
		t.Errorf("%s for %v, want a denial for the modified library, the unknown program and lodash", tr.decision.Verdict, codes)
	}
	for _, o := range tr.decision.Rules {
		switch o.Rule {
		case "digest-bound", "sbom-attested", "signer-trusted", "provenance-from", "no-drift":
			if o.Verdict != policy.Allow {
				t.Errorf("%s answered %s: %+v", o.Rule, o.Verdict, o.Reasons)
			}
		}
	}
}

func TestRun(t *testing.T) {
	for _, tc := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"denied", nil, 0, "DENY"},
		{"enforced", []string{"-enforce"}, exitDenied, "DENY"},
		{"help", []string{"-h"}, 0, "usage: quickstart"},
		{"unknown flag", []string{"-x"}, exitUsage, "usage: quickstart"},
		{"two images", []string{"a", "b"}, exitUsage, "give one image"},
		{"no such file", []string{"./nothing-here"}, exitFailed, "there is no ./nothing-here"},
		{"no vulnerability data", []string{"-osv", "."}, exitFailed, "there is no vulnerability data in ."},
		{"not scanned", []string{"testdata/image"}, 0, "not scanned"},
		{"no key", []string{"-builder-key", "main.go"}, exitFailed, "main.go"},
		{"no recording", []string{"-recording", "main.go"}, exitFailed, "main.go is no recording"},
		{"no document", []string{"-with", "main.go"}, exitFailed, "neither an SBOM"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			dir := filepath.Join(t.TempDir(), "report")
			status := run(t.Context(), append([]string{"-out", dir}, tc.args...), &out, &out)
			if status != tc.status || !strings.Contains(out.String(), tc.says) {
				t.Errorf("status %d, want %d; it says\n%s", status, tc.status, &out)
			}
			if _, err := os.Stat(dir); (err == nil) != strings.Contains(out.String(), "trust-report.html") {
				t.Errorf("the report's directory: %v, after\n%s", err, &out)
			}
		})
	}
}

// TestNotScannedNeverAllows: an image that was not scanned, compared or watched is not clean.
func TestNotScannedNeverAllows(t *testing.T) {
	tr, err := examine(t.Context(), config{image: "testdata/image"})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, r := range tr.decision.Reasons {
		codes = append(codes, r.Code)
	}
	for _, want := range []string{"missing-report", "missing-rbom", "missing-provenance"} {
		if !slices.Contains(codes, want) {
			t.Errorf("no reason %s in %v", want, codes)
		}
	}
}

// TestWrittenAttestations: what is in the directory verifies with the key beside it.
func TestWrittenAttestations(t *testing.T) {
	tr, dir := demo(t), t.TempDir()
	if err := tr.write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "examiner.pub"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := attest.ParsePublicKey(text)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := attest.NewKeyVerifier(attest.Key{Public: key})
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.sigstore.json"))
	if err != nil || len(names) != 3 {
		t.Fatalf("bundles %v, %v; want three", names, err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		bundle, err := attest.ParseBundle(b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verifier.Verify(t.Context(), bundle, attest.Digest(tr.inventory.Subject.Digest)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := verifier.Verify(t.Context(), bundle, attest.Digest("sha256:"+strings.Repeat("0", 64))); err == nil {
			t.Errorf("%s verifies for another image", name)
		}
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".part-*"))
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestNothingStaleIsLeft: attestations of an earlier run are not those of this one.
func TestNothingStaleIsLeft(t *testing.T) {
	dir := t.TempDir()
	if err := demo(t).write(dir); err != nil {
		t.Fatal(err)
	}
	tr, err := examine(t.Context(), config{image: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.write(dir); err != nil {
		t.Fatal(err)
	}
	if stale, _ := filepath.Glob(filepath.Join(dir, "*.sigstore.json")); len(stale) != 0 {
		t.Errorf("a directory has no attestations, and beside its report are %v", stale)
	}
}

// TestREADME: what README.md shows is what the example prints.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, ok := strings.Cut(string(readme), "$ go run ./examples/quickstart\n")
	shown, _, end := strings.Cut(shown, "```")
	if !ok || !end {
		t.Fatal("README.md does not show what the example prints")
	}
	var out bytes.Buffer
	demo(t).summary(&out, "trust-report")
	printed := strings.Split(out.String(), "\n")
	for line := range strings.Lines(shown) {
		line = strings.TrimSuffix(line, "\n")
		begin, _, cut := strings.Cut(line, "…")
		if !slices.ContainsFunc(printed, func(p string) bool {
			p = strings.TrimPrefix(p, "examples/quickstart/") // tests run in its directory
			return p == line || cut && strings.HasPrefix(p, strings.TrimPrefix(begin, "examples/quickstart/"))
		}) {
			t.Errorf("README.md shows %q, which is not printed", line)
		}
	}
}

func TestTitle(t *testing.T) {
	for want, s := range map[string]sbom.Subject{
		"app sha256:1": {Name: "app", Digest: "sha256:1", Config: "sha256:2"},
		"app.tar (a docker-archive, which does not state the digest of its image)": {Name: "app.tar", Config: "sha256:2"},
		"rootfs (a directory, not an image)":                                       {Name: "rootfs"},
	} {
		if got := title(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestDeterministic: the same image gives the same inventory, findings and decision.
func TestDeterministic(t *testing.T) {
	a, b := demo(t), demo(t)
	for name, pair := range map[string][2]any{
		"inventory": {a.inventory, b.inventory}, "report": {a.reports[0].Findings, b.reports[0].Findings},
		"reconciliation": {a.reconciliation, b.reconciliation}, "reasons": {a.decision.Reasons, b.decision.Reasons},
	} {
		x, _ := json.Marshal(pair[0])
		y, _ := json.Marshal(pair[1])
		if !bytes.Equal(x, y) {
			t.Errorf("two runs gave two of %s", name)
		}
	}
}

var (
	href = regexp.MustCompile(`href="([^"]*)"`)
	src  = regexp.MustCompile(`\b(?:src|srcset|data)=`)
)

// TestPageLinks: the page is self-contained, and every link leads somewhere.
func TestPageLinks(t *testing.T) {
	tr, dir := demo(t), t.TempDir()
	if err := tr.write(dir); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "trust-report.html"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	links := href.FindAllStringSubmatch(page, -1)
	if len(links) < 10 {
		t.Fatalf("only %d links", len(links))
	}
	for _, m := range links {
		if id, ok := strings.CutPrefix(m[1], "#"); ok {
			if !strings.Contains(page, `id="`+id+`"`) {
				t.Errorf("the link to #%s leads nowhere", id)
			}
			continue
		}
		if u, err := url.Parse(m[1]); err != nil || u.IsAbs() {
			t.Errorf("the page links to %s", m[1])
		} else if _, err := os.Stat(filepath.Join(dir, u.Path)); err != nil {
			t.Errorf("the link to %s leads nowhere", m[1])
		}
	}
	if src.MatchString(page) || strings.Contains(page, "<script") {
		t.Error("the page loads something or runs a script")
	}
}

// TestNotComparedIsSaid: a file whose digest nobody took is not shown as unchanged.
func TestNotComparedIsSaid(t *testing.T) {
	tr := demo(t)
	tr.rbom.Unchecked = []string{"app/storefront"}
	page, err := tr.page()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(tr.runtimeLine(), "1 not compared") || !bytes.Contains(page, []byte("was not compared with the image")) {
		t.Errorf("neither %q nor the page may hide it", tr.runtimeLine())
	}
}

// TestPageEscapes: names out of an image are text, whatever they hold.
func TestPageEscapes(t *testing.T) {
	tr := demo(t)
	tr.inventory.Components[0].Name = `<script>alert(1)</script>`
	tr.decision.Reasons[0].Message = `<img src=x onerror=alert(1)>`
	page, err := tr.page()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(page, []byte("<script>")) || bytes.Contains(page, []byte("<img")) {
		t.Error("markup out of the image reached the page")
	}
}

// TestPageInBrowser looks at the page with a real browser.
func TestPageInBrowser(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (Debian package chromium)")
	}
	tr, dir := demo(t), t.TempDir()
	if err := tr.write(dir); err != nil {
		t.Fatal(err)
	}
	page := "file://" + filepath.Join(dir, "trust-report.html")
	dom := browse(t, chromium, "--dump-dom", page)
	for _, want := range []string{"not as zlib1g 1:1.2.13.dfsg-1 packaged it", "usr/local/bin/fetchq", "GHSA-35jh-r3h4-6jhm", "</html>"} {
		if !strings.Contains(dom, want) {
			t.Errorf("the browser does not show %q", want)
		}
	}
	shot := filepath.Join(dir, "page.png")
	browse(t, chromium, "--window-size=1200,2000", "--screenshot="+shot, page)
	b, err := os.ReadFile(shot)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) < 50_000 {
		t.Errorf("the picture has %d bytes: the page seems empty", len(b))
	}
}

func browse(t *testing.T, chromium string, args ...string) string {
	t.Helper()
	flags := []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir()}
	cmd := exec.CommandContext(t.Context(), chromium, append(flags, args...)...)
	cmd.WaitDelay = 10 * time.Second
	var out bytes.Buffer
	cmd.Stdout = &out
	cmd.Stderr = io.Discard
	if err := cmd.Run(); err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return out.String()
}

// BenchmarkExamine is the whole way on the example's image; the bar is 3 s.
func BenchmarkExamine(b *testing.B) {
	var c config
	if err := c.demo(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := examine(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
}
