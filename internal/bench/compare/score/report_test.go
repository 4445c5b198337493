package score

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

func TestNormalize(t *testing.T) {
	for _, test := range []struct {
		eco                  truth.Ecosystem
		name, version        string
		wantName, wantVerion string
	}{
		{truth.Debian, "libssl3", "1:3.0.1-2~x", "libssl3", "1:3.0.1-2~x"},
		{truth.PyPI, "Zope._-Interface", "5", "zope-interface", "5"},
		{truth.Go, "github.com/BurntSushi/toml", "v1.6.0", "github.com/burntsushi/toml", "1.6.0"},
		{truth.NPM, "JSONStream", "v1", "JSONStream", "v1"},
		{truth.Maven, "g.h:a_b", "1.0.v2", "g.h:a_b", "1.0.v2"},
	} {
		if name, version := Normalize(test.eco, test.name, test.version); name != test.wantName || version != test.wantVerion {
			t.Errorf("%s %s %s: got %s %s", test.eco, test.name, test.version, name, version)
		}
	}
}

func TestFromPURL(t *testing.T) {
	for purl, want := range map[string]Package{
		"pkg:deb/debian/libc%2B%2B1@1:14.0-1?arch=amd64&epoch=1": {Ecosystem: truth.Debian, Name: "libc++1", Version: "1:14.0-1"},
		"pkg:npm/%40babel/core@7.0.0":                            {Ecosystem: truth.NPM, Name: "@babel/core", Version: "7.0.0"},
		"pkg:npm/lodash@4.17.21?source=UNKNOWN":                  {Ecosystem: truth.NPM, Name: "lodash", Version: "4.17.21"},
		"pkg:golang/golang.org/x/mod@v0.1.0#semver":              {Ecosystem: truth.Go, Name: "golang.org/x/mod", Version: "0.1.0"},
		"pkg:maven/org.apache/commons@1%2B2":                     {Ecosystem: truth.Maven, Name: "org.apache:commons", Version: "1+2"},
		"pkg:gem/rake@13.0.6":                                    {Ecosystem: truth.Gem, Name: "rake", Version: "13.0.6"},
	} {
		want.Layer, want.Introduced = Unknown, Unknown
		if got, ok := fromPURL(purl); !ok || got != want {
			t.Errorf("%s: %+v, %v", purl, got, ok)
		}
	}
	for _, purl := range []string{"", "bash", "pkg:generic/node@22", "pkg:cargo/a@1"} {
		if got, ok := fromPURL(purl); ok {
			t.Errorf("%q: %+v", purl, got)
		}
	}
}

func TestOutermost(t *testing.T) {
	for path, want := range map[string]string{
		"/usr/lib/a/METADATA":         "usr/lib/a/METADATA",
		"opt/a.jar":                   "opt/a.jar",
		"opt/a.jar!/lib/b.jar!/x":     "opt/a.jar",
		"opt/a.war/WEB-INF/lib/b.jar": "opt/a.war",
		"opt/a.jars/b":                "opt/a.jars/b",
		"opt/archive!/x":              "opt/archive",
	} {
		if got := outermost(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func read(t *testing.T, file string, parse func(io.Reader) (*Report, error)) *Report {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := parse(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSyft(t *testing.T) {
	want := &Report{Programs: map[string]bool{"example.com/p": true}, Installed: []Package{
		{Ecosystem: truth.Debian, Name: "bash", Version: "5.2-1", Layer: 1, Introduced: Unknown},
		{Ecosystem: truth.Maven, Name: "g:inner", Version: "2", Path: "opt/app.jar", Layer: 1, Introduced: Unknown},
		{Ecosystem: truth.PyPI, Name: "zope-interface", Version: "5", Layer: Unknown, Introduced: Unknown},
		{Ecosystem: truth.Go, Name: "example.com/m", Version: "1.0.0", Path: "opt/bin/p", Layer: Unknown, Introduced: Unknown},
		{Ecosystem: truth.Go, Name: "stdlib", Version: "1.26", Layer: Unknown, Introduced: Unknown},
	}}
	if diff := cmp.Diff(want, read(t, "testdata/syft.json", Syft)); diff != "" {
		t.Error(diff)
	}
	if _, err := Syft(strings.NewReader("{")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a document: %v", err)
	}
}

func TestScalibr(t *testing.T) {
	want := &Report{Installed: []Package{
		{Ecosystem: truth.Debian, Name: "bash", Version: "1:5.2-1", Layer: 0, Introduced: Unknown},
		{Ecosystem: truth.Maven, Name: "g:inner", Version: "2", Path: "opt/app.jar", Layer: 1, Introduced: Unknown},
		{Ecosystem: truth.NPM, Name: "@s/p", Version: "1.0.0", Path: "srv/node_modules/@s/p/package.json", Layer: Unknown, Introduced: Unknown},
		{Ecosystem: truth.Go, Name: "stdlib", Version: "1.26", Layer: Unknown, Introduced: Unknown},
	}}
	if diff := cmp.Diff(want, read(t, "testdata/scalibr.textproto", Scalibr)); diff != "" {
		t.Error(diff)
	}
}

func TestScalibrUnknownLayer(t *testing.T) {
	for _, layer := range []string{"1", "-1", "x", "99999999999999999999"} {
		text := "inventory: {\n packages: {\n purl: {\n purl: \"pkg:gem/a@1\"\n}\n container_image_metadata_indexes: {\n layer_index: " + layer +
			"\n}\n}\n container_image_metadata: {\n layer_metadata: {}\n}\n}\n"
		if _, err := Scalibr(strings.NewReader(text)); !errors.Is(err, errText) {
			t.Errorf("layer %s of one: %v", layer, err)
		}
	}
}
