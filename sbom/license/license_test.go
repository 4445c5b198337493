package license_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/image"
	"github.com/imagetrust/imagetrust/sbom/license"
)

const isc = `Copyright (c) 2020 A. Author

Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY
AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM
LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR
OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR
PERFORMANCE OF THIS SOFTWARE.
`

const apacheNotice = `Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
`

func TestRecognize(t *testing.T) {
	words := strings.Repeat("some other words about nothing ", 60)
	for _, tt := range []struct {
		name, text, want string
		low, high        float64 // confidence of the first
	}{
		{"a text alone", isc, "ISC", 0.98, 1},
		{"a text among others", words + isc + words, "ISC", 0.9, 0.95},
		{"twice", isc + isc, "ISC", 0.98, 1},
		{"two", isc + apacheNotice, "ISC Apache-2.0", 0.98, 1},
		{"an address", "See https://www.apache.org/licenses/LICENSE-2.0 for more.", "Apache-2.0", 0.5, 0.5},
		{"nothing", words, "", 0, 0},
		{"empty", "", "", 0, 0},
	} {
		found, coverage := license.Recognize([]byte(tt.text))
		var got []string
		for _, l := range found {
			got = append(got, l.Expression)
			if l.Acknowledgement != sbom.LicenseFound {
				t.Errorf("%s: %+v is not found", tt.name, l)
			}
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, s, tt.want)
			continue
		}
		if coverage < 0 || coverage > 1 || len(found) == 0 && coverage != 0 {
			t.Errorf("%s: coverage %v", tt.name, coverage)
		}
		if len(found) > 0 && (found[0].Confidence < tt.low || found[0].Confidence > tt.high) {
			t.Errorf("%s: confidence %v, want %v to %v", tt.name, found[0].Confidence, tt.low, tt.high)
		}
	}
}

// The text of a GNU licence does not say whether a later version may be chosen.
func TestTextsOfDebian(t *testing.T) {
	for name, want := range map[string]sbom.License{
		"GPL-2":      {Name: "GPL-2.0"},
		"LGPL-2.1":   {Name: "LGPL-2.1"},
		"Apache-2.0": {Expression: "Apache-2.0"},
		"Artistic":   {Expression: "Artistic-1.0-Perl"},
		"MPL-2.0":    {Expression: "MPL-2.0"},
	} {
		text, err := os.ReadFile("/usr/share/common-licenses/" + name)
		if err != nil {
			t.Skip("no Debian system: ", err)
		}
		found, coverage := license.Recognize(text)
		if len(found) == 0 || found[0].Expression != want.Expression || found[0].Name != want.Name {
			t.Errorf("%s: %+v, want %+v first", name, found, want)
		}
		if coverage < 0.9 {
			t.Errorf("%s: coverage %v", name, coverage)
		}
	}
}

func TestWants(t *testing.T) {
	for p, want := range map[string]bool{
		"app/node_modules/a/LICENSE":         true,
		"app/node_modules/a/license.md":      true,
		"app/node_modules/a/LICENSE-MIT":     true,
		"app/node_modules/a/LICENSE.APACHE2": true,
		"src/COPYING3.LIB":                   true,
		"src/Licence.txt":                    true,
		"src/LICENSES.txt":                   true,
		"usr/share/doc/bash/copyright":       true,
		"usr/share/licenses/bash/BSD":        true,
		"chroot/usr/share/licenses/bash/BSD": true,
		"usr/share/common-licenses/GPL-2":    false,
		"usr/share/common-licenses/LICENSE":  false,
		"src/license.go":                     false,
		"src/licenses.json":                  false,
		"src/licensee":                       false,
		"src/LICENSEE":                       false,
		"src/noticeboard.txt":                false,
		"usr/bin/licensecheck":               false,
	} {
		e := detect.Entry{Path: p, Mode: 0o644, Size: 1, Head: []byte("x")}
		if got := license.New().Wants(&e); got != want {
			t.Errorf("Wants(%s) = %t", p, got)
		}
	}
	binary := detect.Entry{Path: "LICENSE", Size: 2, Head: []byte("x\x00")}
	if license.New().Wants(&binary) {
		t.Error("a file with NUL bytes is wanted")
	}
}

func TestConformance(t *testing.T) {
	detecttest.Run(t, license.New(),
		detecttest.File{Path: "app/node_modules/a/LICENSE", Data: []byte(isc)},
		detecttest.File{Path: "usr/share/licenses/a/COPYING", Data: []byte("All rights reserved.")},
		detecttest.File{Path: "app/node_modules/a/licence.md", Data: []byte(isc)},
		detecttest.File{Path: "app/node_modules/a/COPYRIGHT", Data: []byte("Copyright 2020 A")},
		detecttest.File{Path: "app/node_modules/a/NOTICE.txt", Data: []byte(isc)},
		detecttest.File{Path: "app/node_modules/a/UNLICENSE", Data: []byte("All rights reserved.")},
	)
}

// TestOwners reads a small system, whose files are written here, with the catalog.
func TestOwners(t *testing.T) {
	dir := t.TempDir()
	for p, text := range map[string]string{
		"var/lib/dpkg/status":              "Package: foo\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\nPackage: libfoo\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n",
		"var/lib/dpkg/info/foo.list":       "/.\n/usr\n/usr/share\n/usr/share/doc\n/usr/share/doc/foo\n/usr/share/doc/foo/copyright\n",
		"var/lib/dpkg/info/libfoo.list":    "/.\n/usr\n/usr/share\n/usr/share/doc\n/usr/share/doc/libfoo\n",
		"usr/share/doc/foo/copyright":      isc,
		"app/node_modules/a/package.json":  `{"name": "a", "version": "1.0.0", "license": "MIT"}`,
		"app/node_modules/a/LICENSE":       isc,
		"app/node_modules/a/vendor/NOTICE": apacheNotice,
		"opt/thing/LICENSE":                isc,
		"opt/other/LICENSE":                "All rights reserved.",
	} {
		full := filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("foo", filepath.Join(dir, "usr/share/doc/libfoo")); err != nil {
		t.Fatal(err)
	}
	img, err := image.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	inv, err := catalog.Image(context.Background(), img, &catalog.Options{Detectors: append(catalog.Detectors(), license.New())})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"foo":    {"ISC found usr/share/doc/foo/copyright"},
		"libfoo": {"ISC found usr/share/doc/foo/copyright"},
		"a": {
			"MIT  app/node_modules/a/package.json", "ISC found app/node_modules/a/LICENSE",
			"Apache-2.0 found app/node_modules/a/vendor/NOTICE",
		},
	} {
		i := slices.IndexFunc(inv.Components, func(c sbom.Component) bool { return c.Name == name })
		if i < 0 {
			t.Fatalf("no component %s", name)
		}
		var got []string
		for _, l := range inv.Components[i].Licenses {
			got = append(got, l.Expression+" "+string(l.Acknowledgement)+" "+l.Location)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: licences %q, want %q", name, got, want)
		}
	}
	for p, want := range map[string]sbom.GapKind{"opt/thing/LICENSE": sbom.GapIncomplete, "opt/other/LICENSE": sbom.GapUnsupported} {
		if !slices.ContainsFunc(inv.Gaps, func(g sbom.Gap) bool { return g.Path == p && g.Kind == want }) {
			t.Errorf("no gap %s of %s in %+v", want, p, inv.Gaps)
		}
	}
}

// FuzzRecognize checks that what is found is well-formed, and found again in the
// same text.
func FuzzRecognize(f *testing.F) {
	f.Add([]byte(isc))
	f.Add([]byte(apacheNotice + isc))
	f.Add([]byte("GPL http://www.gnu.org/licenses/gpl-2.0.html"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := detecttest.Check(license.New(), detecttest.File{Path: "LICENSE", Data: text}); err != nil {
			t.Fatal(err)
		}
		found, coverage := license.Recognize(text)
		if !(coverage >= 0 && coverage <= 1) {
			t.Fatalf("coverage %v", coverage)
		}
		for _, l := range found {
			if expr, ok := spdxexpr.Parse(l.Expression); l.Expression != "" && (!ok || expr != l.Expression) || l.Expression == "" && l.Name == "" {
				t.Fatalf("%+v", l)
			}
			if !(l.Confidence > 0 && l.Confidence <= 1) {
				t.Fatalf("confidence %v", l.Confidence)
			}
		}
	})
}

func BenchmarkRecognize(b *testing.B) {
	text := []byte(isc + apacheNotice)
	license.Recognize(text) // Compiles the patterns.
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		license.Recognize(text)
	}
}
