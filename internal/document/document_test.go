package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
	"github.com/imagetrust/imagetrust/sbom"
)

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "plain", `"`, `"x"`, "a\nb", "\xff", " x", "<text>", "a</text>", `\`, "\u2028", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := Quote(s)
		if !Plain(q) {
			t.Errorf("Quote(%q) = %q is not plain", s, q)
		}
		if got := Unquote(q); got != s {
			t.Errorf("Unquote(Quote(%q)) = %q", s, got)
		}
		if c := Clean(s); !Plain(c) || Plain(s) && c != s {
			t.Errorf("Clean(%q) = %q", s, c)
		}
	})
}

// TestFields: every leaf of the model has exactly one field. A field that a
// contract type gains must be added to a table, or this fails.
func TestFields(t *testing.T) {
	count := func(v any) int { return leaves(reflect.TypeOf(v)) }
	tests := []struct {
		name       string
		have, want int
	}{
		{"component", len(componentFields), count(sbom.Component{}) - 7}, // licences, CPEs, hashes, references, source, evidence, properties
		{"source", len(sourceFields), count(sbom.SourcePackage{})},
		{"license", len(licenseFields), count(sbom.License{})},
		{"reference", len(referenceFields), count(sbom.Reference{}) - 1}, // hashes
		{"evidence", len(evidenceFields), count(sbom.Evidence{})},
		{"subject", len(subjectFields), count(sbom.Subject{})},
		{"distribution", len(distributionFields), count(sbom.Distribution{}) - 1}, // idLike
		{"layer", len(layerFields), count(sbom.Layer{})},
		{"gap", len(gapFields), count(sbom.Gap{})},
		{"tool", len(toolFields), count(sbom.Tool{})},
		{"file", len(fileFields), count(sbom.File{}) - 1}, // digests
		{"inventory", 1, reflect.TypeOf(sbom.Inventory{}).NumField() - 8},
	}
	for _, tt := range tests {
		if tt.have != tt.want {
			t.Errorf("%s: %d fields in the table, %d leaves in the model", tt.name, tt.have, tt.want)
		}
	}
}

// leaves counts what is no struct of the model; layers and times are leaves.
func leaves(typ reflect.Type) int {
	n := 0
	for i := range typ.NumField() {
		f := typ.Field(i).Type
		if f.Kind() == reflect.Struct && f.PkgPath() == typ.PkgPath() {
			n += leaves(f)
		} else {
			n++
		}
	}
	return n
}

// TestOverlay: applying the differences to nothing gives everything.
func TestOverlay(t *testing.T) {
	for seed := range uint64(300) {
		inv := documenttest.Random(seed)
		for i := range inv.Components {
			want, got := inv.Components[i], sbom.Component{}
			rest := ApplyComponent(&got, Component(&want, &got))
			got.Properties = want.Properties
			if len(rest) > 0 {
				t.Fatalf("seed %d: properties %v were not applied", seed, rest)
			}
			one, other := &sbom.Inventory{Components: []sbom.Component{want}}, &sbom.Inventory{Components: []sbom.Component{got}}
			if d := documenttest.Diff(one, other); d != "" {
				t.Fatalf("seed %d: -want +got\n%s", seed, d)
			}
		}
		want, got := *inv, sbom.Inventory{}
		if rest := ApplyInventory(&got, Inventory(&want, &got)); len(rest) > 0 {
			t.Fatalf("seed %d: properties %v were not applied", seed, rest)
		}
		want.Components, want.Relationships, want.Files = nil, nil, nil
		if d := documenttest.Diff(&want, &got); d != "" {
			t.Fatalf("seed %d: -want +got\n%s", seed, d)
		}
	}
}

// TestHostileOverlay: an index or a count takes no memory, and what cannot be
// applied is kept.
func TestHostileOverlay(t *testing.T) {
	for _, p := range []sbom.Property{
		{Name: "imagetrust:evidence:1000000000:path", Value: "x"},
		{Name: "imagetrust:evidence:-1:path", Value: "x"},
		{Name: "imagetrust:evidence:count", Value: "1000000000"},
		{Name: "imagetrust:evidence:x", Value: ""},
		{Name: "imagetrust:license:1:name", Value: "no first one"},
		{Name: "imagetrust:files:owned", Value: "many"},
		{Name: "imagetrust:introduced", Value: "x sha256:0"},
		{Name: "imagetrust:visible", Value: "perhaps"},
		{Name: "imagetrust:nothing", Value: "x"},
		{Name: "imagetrust:", Value: "x"},
	} {
		var c sbom.Component
		rest := ApplyComponent(&c, []sbom.Property{p})
		if len(rest) != 1 || rest[0] != p || len(c.Evidence)+len(c.Licenses) > 0 {
			t.Errorf("%v: kept %v, component %+v", p, rest, c)
		}
	}
}

func TestSplitAnd(t *testing.T) {
	for s, want := range map[string][]string{
		"MIT":                           {"MIT"},
		"MIT AND Apache-2.0":            {"MIT", "Apache-2.0"},
		"MIT AND (A OR B) AND C":        {"MIT", "A OR B", "C"},
		"MIT OR Apache-2.0":             {"MIT OR Apache-2.0"},
		"A AND B OR C":                  {"A AND B OR C"},
		"(A AND B)":                     {"A AND B"},
		"(A) AND (B)":                   {"A", "B"},
		"(A OR B) AND (C OR D)":         {"A OR B", "C OR D"},
		"A WITH e AND B":                {"A WITH e", "B"},
		"LicenseRef-AND AND LicenseRef": {"LicenseRef-AND", "LicenseRef"},
	} {
		if got := SplitAnd(s); !slices.Equal(got, want) {
			t.Errorf("SplitAnd(%q) = %q, want %q", s, got, want)
		}
	}
}

// TestLicenseIDs: all identifiers of the official schema, and no other spelling of them,
// can be written as such.
func TestLicenseIDs(t *testing.T) {
	for _, s := range []string{"", "mit", "MIT ", "MIT OR ISC", "LicenseRef-x"} {
		if IsLicenseID(s) {
			t.Errorf("%q is no identifier", s)
		}
	}
	b, err := os.ReadFile("../../../shared/schemas/spdx.schema.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the official schema is not here:", err)
	}
	var schema struct{ Enum []string }
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	for _, id := range schema.Enum {
		if !IsLicenseID(id) {
			t.Errorf("the schema has %s", id)
		}
	}
}

func TestDerivePURL(t *testing.T) {
	tests := []struct {
		purl string
		want Derived
		ok   bool
	}{
		{"pkg:deb/debian/libssl3@3.0?arch=amd64&upstream=openssl&distro=debian-12", Derived{"amd64", &sbom.SourcePackage{Name: "openssl", Version: "3.0"}, "debian-12", "debian"}, true},
		{"pkg:deb/debian/gcc@1?upstream=gcc-defaults%401.9", Derived{"", &sbom.SourcePackage{Name: "gcc-defaults", Version: "1.9"}, "", "debian"}, true},
		{"pkg:deb/debian/x@1?source=y&sourceversion=2", Derived{"", &sbom.SourcePackage{Name: "y", Version: "2"}, "", "debian"}, true},
		{"pkg:rpm/redhat/openssl-libs@1-2?upstream=openssl-1.1.1k-9.el8.src.rpm", Derived{"", &sbom.SourcePackage{Name: "openssl", Version: "1.1.1k-9.el8"}, "", "redhat"}, true},
		{"pkg:npm/a@1?arch=x", Derived{}, true},
		{"pkg:", Derived{}, false},
		{"openssl", Derived{}, false},
	}
	for _, tt := range tests {
		got, ok := DerivePURL(tt.purl)
		if ok != tt.ok || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("DerivePURL(%q) = %+v, %t", tt.purl, got, ok)
		}
	}
}

func TestParseDistro(t *testing.T) {
	for s, want := range map[string]*sbom.Distribution{
		"debian-12":          {ID: "debian", VersionID: "12"},
		"alpine-3.17.2":      {ID: "alpine", VersionID: "3.17.2"},
		"bookworm":           {ID: "debian", VersionID: "12", Codename: "bookworm"},
		"opensuse-leap-15.4": {ID: "opensuse-leap", VersionID: "15.4"},
		"oracle-8.6":         {ID: "ol", VersionID: "8.6"},
		"sid":                nil, "": nil, "-": nil, "-1": nil, "a-": nil, "a-b-": nil,
	} {
		if got := ParseDistro(s); !reflect.DeepEqual(got, want) {
			t.Errorf("ParseDistro(%q) = %+v", s, got)
		}
	}
}

func TestSubjectPURL(t *testing.T) {
	d := sbom.Digest("sha256:" + strings.Repeat("1", 64))
	for name, want := range map[string]string{
		"nginx:1.25":                "pkg:oci/nginx@" + string(d) + "?tag=1.25",
		"localhost:5000/a/b":        "pkg:oci/b@" + string(d) + "?repository_url=localhost:5000%2Fa%2Fb",
		"example.org/x@sha256:1111": "pkg:oci/x@" + string(d) + "?repository_url=example.org%2Fx",
		"":                          "",
		"/tmp/image.tar":            "",
		"./image.tar":               "",
		"docker://x":                "",
		"a b":                       "",
		"x/":                        "",
	} {
		if got := SubjectPURL(&sbom.Subject{Name: name, Digest: d}); got != want {
			t.Errorf("SubjectPURL(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestScanJSON: the scan allows what it should, and it never counts less than
// encoding/json would make.
func TestScanJSON(t *testing.T) {
	l := Limits{Items: 2, Depth: 4}.WithDefaults()
	for text, ok := range map[string]bool{
		`{"components":[{},{}]}`:              true,
		`{"components":[{},{},{}]}`:           false,
		`{"others":[{},{},{}]}`:               true,
		`{"COMPONENTS":[{},{},{}]}`:           false,
		`{"c\u006fmponents":[{},{},{}]}`:      false,
		`{"components":["{{{[[[[[","\"[[["]}`: true,
		`[[[[]]]]`:                            true,
		`[[[[[]]]]]`:                          false,
		`]]]]]]`:                              true,
		`"`:                                   true,
		`"\`:                                  true,
	} {
		err := l.ScanJSON([]byte(text), "test", "components")
		if ok != (err == nil) || err != nil && !errors.Is(err, ErrLimit) {
			t.Errorf("ScanJSON(%s): %v", text, err)
		}
	}
	if b, err := (Limits{Bytes: 3}).Read(bytes.NewReader([]byte("\xef\xbb\xbf")), "test"); err != nil || len(b) != 0 {
		t.Errorf("byte order mark: %q, %v", b, err)
	}
}

// TestReader: a text that is read piece by piece is judged like one in memory.
func TestReader(t *testing.T) {
	l := Limits{Items: 2, Depth: 4, Bytes: 40_000}.WithDefaults()
	for name, text := range map[string]string{
		"two":             `{"components":[{"a":"]}\""},{}]}`,
		"three":           `{"components":[{},{},{}]}`,
		"escaped key":     `{"Component\u0073":[{},{},{}]}`,
		"deep":            `{"a":[{"b":[{}]}]}`,
		"brackets":        `{"a":"[[[[[{{{{"}`,
		"objects":         `{"a":[` + strings.Repeat("{},", 5000) + `{}]}`,
		"value with text": `{"x":["components",[{},{},{}]]}`,
		"long":            `"` + strings.Repeat("x", 40_000) + `"`,
	} {
		want := l.ScanJSON([]byte(text), "test", "components")
		if len(text) > int(l.Bytes) {
			want = ErrLimit
		}
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			got, err := io.ReadAll(l.Reader(r, "test", "components"))
			if errors.Is(err, ErrLimit) != errors.Is(want, ErrLimit) || err == nil && string(got) != text {
				t.Errorf("%s: %v, in memory %v", name, err, want)
			}
		}
	}
	boom := errors.New("boom")
	r := l.Reader(io.MultiReader(strings.NewReader("{\n\n"), iotest.ErrReader(boom)), "test", "x")
	var de *DecodeError
	if _, err := io.ReadAll(r); !errors.Is(err, boom) || !errors.As(err, &de) || r.Lines() != 2 {
		t.Errorf("error %v after %d lines", err, r.Lines())
	}
	if _, again := r.Read(make([]byte, 1)); !errors.Is(again, boom) {
		t.Errorf("then %v", again)
	}
}

// TestSelect: what is not in the image is left out, each kind for its own reason.
func TestSelect(t *testing.T) {
	inv := &sbom.Inventory{Components: []sbom.Component{
		{Name: "there", Attribution: sbom.Attribution{Visible: true}},
		{Name: "removed"},
		{Name: "stage", Scope: sbom.ScopeBuild},
		{Name: "compiler", Scope: sbom.ScopeBuild},
	}}
	for _, hidden := range []bool{false, true} {
		var losses Losses
		selected := Select(inv, hidden, true, &losses)
		want, told := []int{0}, []sbom.Loss{{Field: "components", Reason: reasonHidden, Count: 1}, {Field: "components", Reason: reasonBuild, Count: 2}}
		if hidden {
			want, told = []int{0, 1, 2, 3}, nil
		}
		if !slices.Equal(selected, want) || !slices.Equal(losses.List(), told) {
			t.Errorf("hidden %v: %v and %+v", hidden, selected, losses.List())
		}
	}
}
