package osv

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRecordErrors(t *testing.T) {
	for _, tc := range []struct{ name, in string }{
		{"no JSON", "{"},
		{"no id", "{}"},
		{"a long id", `{"id":"` + strings.Repeat("x", maxFieldLength+1) + `"}`},
		{"a long name", `{"id":"A-1","affected":[{"package":{"ecosystem":"npm","name":"` + strings.Repeat("x", maxFieldLength+1) + `"}}]}`},
		{"an event of two kinds", `{"id":"A-1","affected":[{"ranges":[{"type":"SEMVER","events":[{"introduced":"0","fixed":"1"}]}]}]}`},
		{"an event of none", `{"id":"A-1","affected":[{"ranges":[{"type":"SEMVER","events":[{}]}]}]}`},
		{"too many events", `{"id":"A-1","affected":[{"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}` + strings.Repeat(`,{"fixed":"1"}`, maxEvents) + `]}]}]}`},
		{"a version that is a number", `{"id":"A-1","affected":[{"ranges":[{"type":"SEMVER","events":[{"introduced":0}]}]}]}`},
	} {
		if _, err := parseRecord([]byte(tc.in)); !errors.Is(err, ErrRecord) {
			t.Errorf("%s: error %v", tc.name, err)
		}
	}
}

// TestLooseFields: what databases put into the free-form fields never makes a
// record unreadable.
func TestLooseFields(t *testing.T) {
	for _, in := range []string{
		`{"id":"A-1","database_specific":null,"modified":null}`,
		`{"id":"A-1","database_specific":[1],"modified":"yesterday","published":7}`,
		`{"id":"A-1","database_specific":{"severity":["HIGH"],"url":null,"imports":{"a":1},"affects":[]}}`,
		`{"id":"A-1","affected":[{"package":{"ecosystem":"Go","name":"m"},"versions":["1"],"ecosystem_specific":{"imports":[{"path":7}],"affects":{"functions":{"a":[]}}}}]}`,
	} {
		r, err := parseRecord([]byte(in))
		if err != nil || !r.Modified.IsZero() || !r.Published.IsZero() {
			t.Errorf("%s: %+v, %v", in, r, err)
		}
	}
}

func TestEmbeddedCVE(t *testing.T) {
	for id, want := range map[string]string{
		"DEBIAN-CVE-2023-4911": "CVE-2023-4911", "ALPINE-CVE-2020-1": "CVE-2020-1", "UBUNTU-CVE-2024-12345": "CVE-2024-12345",
		"CVE-2023-4911": "", "DSA-5514-1": "", "GO-2023-1": "", "A-B-CVE-2023-1": "", "": "",
	} {
		if got := embeddedCVE(id); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

func TestFacts(t *testing.T) {
	raw := []byte(`{"id":"DEBIAN-CVE-2024-1","modified":"2024-02-03T04:05:06.7Z","published":"2024-01-01T00:00:00+02:00",
		"aliases":["DEBIAN-CVE-2024-1","X-1","X-1",""],"upstream":["CVE-2024-1"],"related":["DSA-1-1"],
		"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},{"type":"CVSS_V4"}],
		"references":[{"type":"WEB","url":"https://a"},{"type":"ADVISORY","url":"https://security-tracker.debian.org/tracker/DEBIAN-CVE-2024-1"}],
		"database_specific":{"severity":"LOW"}}`)
	r, err := parseRecord(raw)
	if err != nil {
		t.Fatal(err)
	}
	f := r.facts(raw)
	if diff := cmp.Diff([]string{"X-1", "CVE-2024-1"}, f.aliases); diff != "" {
		t.Error(diff)
	}
	if len(f.severities) != 1 || f.label != "LOW" {
		t.Errorf("severities %v, label %q", f.severities, f.label)
	}
	var e encoder
	e.facts(&f)
	d := decoder{b: e.b}
	got := d.facts()
	f.modified, f.published = f.modified.Truncate(1e9), f.published.Truncate(1e9) // Seconds are kept.
	if diff := cmp.Diff(f, got, cmp.AllowUnexported(recordFacts{}, severity{})); d.bad || len(d.b) != 0 || diff != "" {
		t.Errorf("%+v (-want +got):\n%s", d, diff)
	}
}

func TestURLs(t *testing.T) {
	for _, url := range []string{
		"https://security-tracker.debian.org/tracker/DSA-1-1", "https://github.com/advisories/GHSA-x", "https://github.com/o/r/security/advisories/GHSA-x",
		"https://example.org/DSA-1-1/DSA-1-1", "ftp://x", "relative", "https://osv.dev/vulnerability/DSA-1-1",
	} {
		if got := expandURL(shortenURL(url, "DSA-1-1"), "DSA-1-1"); got != url {
			t.Errorf("%q became %q", url, got)
		}
	}
	for _, url := range []string{"", "\x01x", "a\x00b"} {
		if got := expandURL(shortenURL(url, "DSA-1-1"), "DSA-1-1"); got != "https://osv.dev/vulnerability/DSA-1-1" {
			t.Errorf("%q became %q", url, got)
		}
	}
}

func TestKeyOf(t *testing.T) {
	for _, tc := range []struct{ eco, a, b string }{
		{"PyPI", "Zope.Interface", "zope-interface"}, {"PyPI", "a__b", "A-b"}, {"NuGet", "Newtonsoft.Json", "newtonsoft.json"}, {"Packagist", "A/B", "a/b"},
	} {
		if keyOf(tc.eco, tc.a) != keyOf(tc.eco, tc.b) {
			t.Errorf("%s: %q and %q have two keys", tc.eco, tc.a, tc.b)
		}
	}
	if keyOf("Red Hat:enterprise_linux:8::appstream", "a") != keyOf("Red Hat:enterprise_linux:8", "a") {
		t.Error("a Red Hat repository has a key of its own")
	}
	for _, other := range []string{"Debian:11", "Debian", "npm"} {
		if keyOf("Debian:12", "a") == keyOf(other, "a") {
			t.Errorf("Debian:12 and %s have one key", other)
		}
	}
	if keyOf("npm", "A") == keyOf("npm", "a") || keyOf("Go", "A") == keyOf("Go", "a") {
		t.Error("case does not count where it must")
	}
}
