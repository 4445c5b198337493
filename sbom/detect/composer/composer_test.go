package composer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	const list = `{"packages": [{"name": "monolog/monolog", "version": "2.9.1", "license": ["MIT"], "install-path": "../monolog/monolog"}]}`
	f := detecttest.File{Path: "srv/app/vendor/composer/installed.json", Data: []byte(list)}.Open()
	frag, err := New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Licenses[0].Expression, frag.Claims[0].Path)
	// Output: pkg:composer/monolog/monolog@2.9.1 MIT srv/app/vendor/monolog/monolog
}

func tree(t testing.TB) []detecttest.File { return golden.Files(t, "testdata/tree.txtar") }

func TestTree(t *testing.T) { golden.Check(t, New(), tree(t), "testdata/tree.golden") }

func TestConformance(t *testing.T) { detecttest.Run(t, New(), tree(t)...) }

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"app/vendor/composer/installed.json":  true,
		"app/deps/composer/installed.php":     true,
		"composer.lock":                       true,
		"app/installed.json":                  false,
		"app/xcomposer/installed.json":        false,
		"app/composer.json":                   false,
		"app/vendor/composer/x/installed.php": false,
	})
}

func TestLimits(t *testing.T) {
	large := detecttest.File{Path: "composer.lock", Data: make([]byte, maxFile+1)}
	if frag, err := detecttest.DetectFile(t, New(), large); frag != nil || !errors.Is(err, detect.ErrLimit) {
		t.Errorf("too large: %v, %v", frag, err)
	}
	// Names that a package stands for, below a long path, must not grow without bound.
	var b bytes.Buffer
	b.WriteString(`[{"name":"a/b","version":"1","replace":{"a/0":""`)
	for i := range 199 {
		fmt.Fprintf(&b, `,"a/%d":""`, i+1)
	}
	b.WriteString("}}")
	one := bytes.TrimPrefix(b.Bytes(), []byte("["))
	for i := range 20 {
		b.WriteString("," + strings.Replace(string(one), "a/b", fmt.Sprintf("a/b%d", i), 1))
	}
	b.WriteString("]")
	long := detecttest.File{Path: strings.Repeat("d/", 1000) + "vendor/composer/installed.json", Data: b.Bytes()}
	if frag, err := detecttest.DetectFile(t, New(), long); frag == nil || !errors.Is(err, detect.ErrLimit) {
		t.Errorf("aliases below a long path: %v, want what fits and ErrLimit", err)
	}
}

// TestAgainstComposer has this machine's Composer install a package from a
// directory, and compares what it lists with what is found.
func TestAgainstComposer(t *testing.T) {
	composer, err := exec.LookPath("composer")
	if err != nil {
		t.Skip("no Composer on this machine")
	}
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one/composer.json", `{"name":"acme/one","version":"1.2.0","license":["MIT","GPL-2.0-or-later"],"require":{"acme/two":"*"},"bin":["bin/one"]}`)
	write("one/bin/one", "#!/usr/bin/env php\n<?php echo 1;\n")
	write("two/composer.json", `{"name":"acme/two","version":"3.0.0","license":"proprietary"}`)
	write("app/composer.json", `{"name":"acme/app","version":"0.1.0","repositories":[
		{"type":"path","url":"../one","options":{"symlink":false}},{"type":"path","url":"../two","options":{"symlink":false}},{"packagist.org":false}],
		"require":{"acme/one":"*"},"minimum-stability":"dev"}`)
	run := func(args ...string) []byte {
		t.Helper()
		cmd := exec.Command(composer, args...)
		cmd.Dir = filepath.Join(dir, "app")
		cmd.Env = append(os.Environ(), "COMPOSER_ALLOW_SUPERUSER=1", "COMPOSER_HOME="+filepath.Join(dir, "home"))
		out, err := cmd.Output()
		if err != nil {
			t.Skipf("this machine's Composer does not install: %v", err)
		}
		return out
	}
	run("install", "--no-interaction", "--no-progress")
	var want struct {
		Installed []struct{ Name, Version string }
	}
	if err := json.Unmarshal(run("show", "--format=json"), &want); err != nil || len(want.Installed) != 2 {
		t.Fatalf("composer show: %+v, %v", want, err)
	}
	var found []string
	for _, name := range []string{"vendor/composer/installed.json", "composer.lock", "vendor/composer/installed.php"} {
		data, err := os.ReadFile(filepath.Join(dir, "app", name))
		if err != nil {
			t.Fatal(err)
		}
		frag := detecttest.Detect(t, New(), "app/"+name, data)
		for _, c := range frag.Components {
			found = append(found, fmt.Sprintf("%s/%s@%s %s%s", c.Group, c.Name, c.Version, c.Type, c.Scope))
		}
		for _, c := range frag.Claims {
			if _, err := os.Stat(filepath.Join(dir, c.Path)); err != nil {
				t.Errorf("claims what is not there: %v", err)
			}
		}
		if len(frag.Gaps) > 0 {
			t.Errorf("%s: gaps %+v", name, frag.Gaps)
		}
	}
	var expected []string
	for _, scope := range []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared} {
		for _, p := range want.Installed {
			expected = append(expected, fmt.Sprintf("%s@%s library%s", p.Name, p.Version, scope))
		}
	}
	expected = append(expected, "acme/app@0.1.0 application")
	if strings.Join(found, "\n") != strings.Join(expected, "\n") {
		t.Errorf("found %q, want %q", found, expected)
	}
}

func FuzzComposer(f *testing.F) {
	for _, file := range tree(f) {
		f.Add(file.Data, "../acme/lib-one")
	}
	f.Fuzz(func(t *testing.T, data []byte, installPath string) {
		for _, at := range []string{"app/vendor/composer/installed.json", "app/vendor/composer/installed.php", "app/composer.lock"} {
			if err := detecttest.Check(New(), detecttest.File{Path: at, Data: data}); err != nil {
				t.Error(err)
			}
		}
		// Wherever a list says that a package is, it gets no directory that others share.
		p := placeOf("srv/app/vendor/composer/installed.json")
		if dir := p.resolve("a/b", installPath); dir != "" {
			if !strings.HasPrefix(dir, "srv/app/") || strings.HasPrefix("srv/app/vendor/composer/", dir+"/") {
				t.Errorf("%q leads to %q", installPath, dir)
			}
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	one := `{"name":"acme/lib%d","version":"1.2.3","license":["MIT"],"description":"A package.","authors":[{"name":"Ann"}],
		"require":{"php":">=8","psr/log":"^3"},"autoload":{"psr-4":{"A\\":"src"}},"install-path":"../acme/lib%d"}`
	var list []string
	for i := range 100 {
		list = append(list, fmt.Sprintf(one, i, i))
	}
	data := []byte(`{"packages":[` + strings.Join(list, ",") + `]}`)
	golden.Benchmark(b, New(), detecttest.File{Path: "app/vendor/composer/installed.json", Data: data})
}

func BenchmarkWants(b *testing.B) { golden.BenchmarkWants(b, New(), golden.Library()) }
