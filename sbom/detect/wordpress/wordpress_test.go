package wordpress_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
	"github.com/imagetrust/imagetrust/sbom/detect/wordpress"
)

func Example() {
	php := "<?php\n/*\nPlugin Name: Akismet Anti-Spam\nVersion: 5.0.2\nLicense: GPLv2 or later\n*/\n"
	f := detecttest.File{Path: "var/www/html/wp-content/plugins/akismet/akismet.php", Data: []byte(php)}.Open()
	frag, err := wordpress.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := frag.Components[0]
	fmt.Println(c.PURL, c.Licenses[0].Expression)
	// Output: pkg:wordpress/plugin/akismet@5.0.2 GPL-2.0-or-later
}

func TestQuirks(t *testing.T) {
	golden.Check(t, wordpress.New(), golden.Files(t, "testdata/quirks.txtar"), "testdata/quirks.golden")
}

func TestConformance(t *testing.T) {
	detecttest.Run(t, wordpress.New(), golden.Files(t, "testdata/quirks.txtar")...)
}

func TestWants(t *testing.T) {
	golden.Wants(t, wordpress.New(), map[string]bool{
		"wp-includes/version.php":                   true,
		"var/www/html/wp-includes/version.php":      true,
		"includes/version.php":                      false,
		"wp-content/plugins/a/a.php":                true,
		"srv/wp-content/plugins/a/a.php":            true,
		"srv/xwp-content/plugins/a/a.php":           false,
		"srv/wp-content/plugins/a/inc/a.php":        false,
		"srv/wp-content/plugins/a.php":              true,
		"srv/wp-content/mu-plugins/a.php":           true,
		"srv/wp-content/mu-plugins/a/a.php":         false,
		"srv/wp-content/plugins/a/readme.txt":       true,
		"srv/wp-content/plugins/a/changelog.txt":    false,
		"web/app/plugins/a/a.php":                   true,
		"srv/wp-content/themes/a/style.css":         true,
		"srv/wp-content/themes/a/css/style.css":     false,
		"srv/wp-content/themes/a/readme.txt":        true,
		"usr/lib/python3/dist-packages/yaml/a.py":   false,
		"srv/plugins/a/a.php":                       false,
		"srv/wp-content/languages/plugins/a/a.json": false,
	})
}

func TestLicenseSpellings(t *testing.T) {
	for in, want := range map[string]string{
		"GPLv2 or later":                                   "GPL-2.0-or-later",
		"GPL-2.0-or-later":                                 "GPL-2.0-or-later",
		"GPL v2 or later":                                  "GPL-2.0-or-later",
		"GNU General Public License v2 or later":           "GPL-2.0-or-later",
		"GNU General Public License, version 3.0 or later": "GPL-3.0-or-later",
		"GPLv3+":                  "GPL-3.0-or-later",
		"MIT":                     "MIT",
		"GPL":                     "",
		"GPLv2 or later, or MIT?": "",
	} {
		frag := detecttest.Detect(t, wordpress.New(), "wp-content/themes/a/style.css", []byte("/*\nTheme Name: A\nVersion: 1\nLicense: "+in+"\n*/"))
		if got := frag.Components[0].Licenses[0].Expression; got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// TestHeadOnly: what is said behind the first 8 KiB does not count.
func TestHeadOnly(t *testing.T) {
	data := append(bytes.Repeat([]byte(" "), 8<<10), "\nPlugin Name: X\nVersion: 1\n"...)
	if frag := detecttest.Detect(t, wordpress.New(), "wp-content/plugins/a/a.php", data); frag != nil {
		t.Errorf("%s", golden.Text(frag))
	}
}

func TestErrors(t *testing.T) {
	f := &detect.File{Entry: detect.Entry{Path: "wp-content/plugins/a/a.php", Size: 9}, ReaderAt: strings.NewReader("x")}
	if _, err := wordpress.New().Detect(context.Background(), f); !errors.Is(err, detect.ErrFormat) {
		t.Errorf("cut off: %v", err)
	}
}

// TestDebian reads the package wordpress of Debian, where it is installed, and compares
// with what its files say to grep: the test's own, simpler reading.
func TestDebian(t *testing.T) {
	root := os.DirFS("/usr/share/wordpress")
	var want, got []string
	err := fs.WalkDir(root, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || path.Ext(p) != ".php" && path.Ext(p) != ".css" {
			return err
		}
		data, err := fs.ReadFile(root, p)
		if err != nil {
			return nil // a link to a file of another package
		}
		for line := range strings.Lines(string(data)) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(p, "wp-content/") && (strings.HasPrefix(line, "Plugin Name: ") || strings.HasPrefix(line, "Theme Name: ")) {
				want = append(want, p)
			}
		}
		in := "usr/share/wordpress/" + p
		if len(data) > 0 && wordpress.New().Wants(&detect.Entry{Path: in, Size: 1}) {
			if frag := detecttest.Detect(t, wordpress.New(), in, data); frag != nil && frag.Components[0].Name != "wordpress" {
				got = append(got, p)
				t.Logf("%s", golden.Text(frag))
			}
		}
		return nil
	})
	if err != nil {
		t.Skip("WordPress is not installed: ", err)
	}
	if !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// FuzzDetect checks the contract, and that a version is one word.
func FuzzDetect(f *testing.F) {
	golden.Fuzz(f, wordpress.New(), golden.Files(f, "testdata/quirks.txtar"), func(_ detecttest.File, frag *detect.Fragment, err error) error {
		if err != nil {
			return nil
		}
		for _, c := range frag.Components {
			if strings.ContainsAny(c.Version, " \t\n\x00") || c.Version == "" && len(frag.Gaps) == 0 {
				return fmt.Errorf("version %q, gaps %v", c.Version, frag.Gaps)
			}
		}
		return nil
	})
}

func BenchmarkWants(b *testing.B) {
	golden.BenchmarkWants(b, wordpress.New(), detecttest.File{Path: "usr/lib/python3/dist-packages/yaml/__init__.py", Data: []byte("x")})
}

func BenchmarkPlugin(b *testing.B) {
	data := []byte("<?php\n/*\nPlugin Name: A\nVersion: 1\nLicense: GPLv2 or later\n*/\n" + strings.Repeat("echo 1;\n", 4000))
	if frag := golden.Benchmark(b, wordpress.New(), detecttest.File{Path: "wp-content/plugins/a/a.php", Data: data}); frag == nil {
		b.Error("nothing is said")
	}
}
