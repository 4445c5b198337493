package python

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// archived returns a file with a zip of names and contents, in pairs, behind a
// prefix.
func archived(t testing.TB, path, prefix string, pairs ...string) detecttest.File {
	t.Helper()
	buf := bytes.NewBufferString(prefix)
	w := zip.NewWriter(buf)
	w.SetOffset(int64(len(prefix)))
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return detecttest.File{Path: path, Data: buf.Bytes()}
}

const site = "venv/lib/python3.11/site-packages"

// archives are an egg, a wheel and a zipapp.
func archives(t testing.TB) []detecttest.File {
	return []detecttest.File{
		archived(t, site+"/Shop_A-1.0-py3.11.egg", "", "EGG-INFO/PKG-INFO", "Name: Shop_A\nVersion: 1.0\nRequires-Dist: shop-b\n", "shop_a.py", ""),
		archived(t, "srv/wheels/shop_b-2.0-py3-none-any.whl", "", "shop_b.py", "",
			"shop_b/_vendor/c-1.dist-info/METADATA", "Name: c\nVersion: 1\n",
			"shop_b-2.0.dist-info/METADATA", "Name: shop-b\nVersion: 2.0\nRequires-Dist: shop-c\n"),
		archived(t, "usr/bin/shop.pyz", "#!/usr/bin/env python3\n",
			"site-packages/shop_b-2.0.dist-info/METADATA", "Name: shop-b\nVersion: 2.0\nRequires-Dist: shop-c\n",
			"site-packages/shop_c-3.0.dist-info/METADATA", "Name: shop-c\nVersion: 3.0\n",
			"site-packages/shop_c/_vendor/d-1.dist-info/METADATA", "Name: d\nVersion: 1\n"),
	}
}

// zipped are archives by the other names that they have.
func zipped(t testing.TB) []detecttest.File {
	return []detecttest.File{archived(t, "usr/bin/shop.pex", "#!/usr/bin/env python3\n",
		".deps/shop_c-3.0-py3-none-any.whl/shop_c-3.0.dist-info/METADATA", "Name: shop-c\nVersion: 3.0\n")}
}

func TestArchives(t *testing.T) {
	var got []string
	for _, f := range archives(t) {
		frag := detecttest.Detect(t, New(), f.Path, f.Data)
		for _, c := range frag.Components {
			got = append(got, fmt.Sprintf("%s %q key=%q at %s hashes=%d", c.PURL, c.Scope, c.Key, c.Location().Path, len(c.Hashes)))
		}
		for _, r := range frag.Relations {
			got = append(got, fmt.Sprintf("%s %s %s", r.From, r.Type, r.To))
		}
		for _, c := range frag.Claims {
			got = append(got, fmt.Sprintf("%s claims %s %s", c.Key, c.Path, c.Ground))
		}
	}
	want := []string{
		`pkg:pypi/shop-a@1.0 "" key="` + site + ` shop-a" at ` + site + `/Shop_A-1.0-py3.11.egg!/EGG-INFO/PKG-INFO hashes=1`,
		site + ` shop-a depends-on ` + site + ` shop-b`,
		site + ` shop-a claims ` + site + `/Shop_A-1.0-py3.11.egg content`,
		`pkg:pypi/shop-b@2.0 "declared" key="srv/wheels/*.whl shop-b" at srv/wheels/shop_b-2.0-py3-none-any.whl!/shop_b-2.0.dist-info/METADATA hashes=1`,
		`srv/wheels/*.whl shop-b claims srv/wheels/shop_b-2.0-py3-none-any.whl content`,
		`pkg:pypi/shop-b@2.0 "" key="usr/bin/shop.pyz!/site-packages shop-b" at usr/bin/shop.pyz!/site-packages/shop_b-2.0.dist-info/METADATA hashes=0`,
		`pkg:pypi/shop-c@3.0 "" key="usr/bin/shop.pyz!/site-packages shop-c" at usr/bin/shop.pyz!/site-packages/shop_c-3.0.dist-info/METADATA hashes=0`,
		`pkg:pypi/d@1 "bundled" key="usr/bin/shop.pyz!/site-packages/shop_c/_vendor d" at usr/bin/shop.pyz!/site-packages/shop_c/_vendor/d-1.dist-info/METADATA hashes=0`,
		`usr/bin/shop.pyz!/site-packages shop-b depends-on usr/bin/shop.pyz!/site-packages shop-c`,
		`usr/bin/shop.pyz!/site-packages shop-c contains usr/bin/shop.pyz!/site-packages/shop_c/_vendor d`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWheelScope(t *testing.T) {
	for dir, want := range map[string]sbom.Scope{
		"srv/wheels":                            sbom.ScopeDeclared,
		"usr/share/python-wheels":               sbom.ScopeDeclared,
		"usr/lib/python3.11/ensurepip/_bundled": sbom.ScopeBundled,
		site + "/virtualenv/embed":              sbom.ScopeBundled,
		site + "/virtualenv/tests":              sbom.ScopeFixture,
		"srv/testdata":                          sbom.ScopeFixture,
	} {
		f := archived(t, dir+"/a-1.whl", "", "a-1.dist-info/METADATA", "Name: a\nVersion: 1\n")
		if frag := detecttest.Detect(t, New(), f.Path, f.Data); frag.Components[0].Scope != want {
			t.Errorf("%s: %q, want %q", dir, frag.Components[0].Scope, want)
		}
	}
}

func TestArchiveErrors(t *testing.T) {
	f := detecttest.File{Path: "a.whl", Data: []byte("PK")}
	if _, err := detecttest.DetectFile(t, New(), f); !errors.Is(err, detect.ErrFormat) {
		t.Errorf("no archive: %v", err)
	}
	f = archived(t, "a.egg", "", "EGG-INFO/PKG-INFO", "Version: 1\n")
	if frag, err := detecttest.DetectFile(t, New(), f); frag != nil || !errors.Is(err, detect.ErrFormat) {
		t.Errorf("no name: %v, %v", frag, err)
	}
	var many []string
	for i := range maxDistributions + 1 {
		many = append(many, fmt.Sprintf("x/a%d-1.dist-info/METADATA", i), fmt.Sprintf("Name: a%d\nVersion: 1\n", i))
	}
	f = archived(t, "a.pyz", "", many...)
	if frag, err := detecttest.DetectFile(t, New(), f); !errors.Is(err, detect.ErrLimit) || len(frag.Components) != maxDistributions {
		t.Errorf("many distributions: %v", err)
	}
}

// TestMarkers reads one distribution in environments that tell more or less about
// themselves.
func TestMarkers(t *testing.T) {
	const metadata = "Name: a\nVersion: 1\n" +
		"Requires-Dist: plain>=1\n" +
		"Requires-Dist: extra; extra == 'x'\n" +
		"Requires-Dist: old; python_version < '3.8'\n" +
		"Requires-Dist: new (>=2); python_version >= '3.8'\n" +
		"Requires-Dist: windows; sys_platform == 'win32'\n" +
		"Requires-Dist: linux[y]; sys_platform == 'linux' and extra != 'z'\n" +
		"Requires-Dist: arm; platform_machine == 'aarch64'\n" +
		"Requires-Dist: not a name at all\n"
	for dir, want := range map[string][]string{
		"venv/lib/python3.11/site-packages":  {"plain", "new", "linux"},
		"venv/lib/python3.13t/site-packages": {"plain", "new", "linux"},
		"opt/lib/pypy3.7/site-packages":      {"plain", "old", "linux"},
		"usr/lib/python3/dist-packages":      {"plain", "linux"},
		"Python/Lib/site-packages":           {"plain"},
		"srv/app":                            {"plain"},
	} {
		frag := detecttest.Detect(t, New(), dir+"/a-1.dist-info/METADATA", []byte(metadata))
		var got []string
		for _, r := range frag.Relations {
			got = append(got, r.To[len(dir)+1:])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", dir, diff)
		}
	}
}

// TestWheelsOnThisMachine reads the wheels that Debian has for new environments.
func TestWheelsOnThisMachine(t *testing.T) {
	paths, _ := filepath.Glob("/usr/share/python-wheels/*.whl")
	if len(paths) == 0 {
		t.Skip("no wheels on this machine")
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		frag := detecttest.Detect(t, New(), strings.TrimPrefix(p, "/"), data)
		name, rest, _ := strings.Cut(filepath.Base(p), "-")
		version, _, _ := strings.Cut(rest, "-")
		c := frag.Components[0]
		if len(frag.Components) != 1 || c.PURL != "pkg:pypi/"+strings.ReplaceAll(name, "_", "-")+"@"+version || c.Scope != sbom.ScopeDeclared {
			t.Errorf("%s: %+v", p, c)
		}
	}
}
