package binary

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/elftest"
)

// main returns what a file is, as NAME VERSION RULE.
func mainOf(t *testing.T, path string, b []byte, eager bool) string {
	t.Helper()
	r, err := detector(t, eager).Identify(context.Background(), path, int64(len(b)), bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Main(); f != nil {
		return f.Name + " " + f.Version + " " + f.Rule()
	}
	return ""
}

const rust = "/rustc/07dca489ac2d933c78d3c5158e3f43beefeb02ce/library/std/src/panic.rs"

func TestRustStrings(t *testing.T) {
	crate := "/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/opentelemetry-0.32.1/src/lib.rs"
	site := "https://github.com/me/zwtool"
	for _, c := range []struct {
		what, path, want string
		file             elftest.Packed
	}{
		{"the only one", "usr/bin/zwtool", "zwtool 0.22.1 only-string-version", elftest.Packed{Strings: []string{"metadata file", "0.22.1", "The binary"}}},
		{"with digits around it", "usr/bin/zwtool", "zwtool 1.28.2 only-string-version", elftest.Packed{Strings: []string{"0:%d:1", "1.28.2", "390625"}}},
		{"pre-release", "usr/bin/zwtool", "zwtool 1.28.2-rc.1 only-string-version", elftest.Packed{Strings: []string{"x", "1.28.2-rc.1", "y"}}},
		{"none of two", "usr/bin/zwtool", "", elftest.Packed{Strings: []string{"metadata file", "0.22.1", "The binary", "1.4.9", "x"}}},
		{"beside the name", "usr/bin/zwtool", "zwtool 0.22.1 string-beside-name", elftest.Packed{Strings: []string{"zwtool", "0.22.1", "The binary", "1.4.9", "x"}}},
		{"beside what introduces it", "usr/bin/zwtool", "zwtool 0.22.1 string-beside-name", elftest.Packed{Strings: []string{"a", "0.22.1", "User-Agent: zwtool/", "x", "1.4.9", "y"}}},
		{"beside the author", "usr/bin/zwtool", "zwtool 0.22.1 only-string-version", elftest.Packed{Strings: []string{"a", "0.22.1", "Ann Other <ann@example.com>", "x", "1.4.9", "y"}}},
		{"in data", "usr/bin/zwtool", "zwtool 0.22.1 only-string-version", elftest.Packed{Strings: []string{"a", "0.22.1", "b"}, Data: map[string]bool{"0.22.1": true}, Relocated: true}},
		{"a line of its own", "usr/bin/zwtool", "zwtool 0.22.1 string-beside-name", elftest.Packed{Strings: []string{"zwtool - does it\nv0.22.1 [+git]\n", "x"}}},
		{"agent", "usr/lib/zwtool.linux-x64-gnu.node", "my-zwtool 0.22.1 string-beside-name", elftest.Packed{Strings: []string{"ZwTool", "0.22.1", "x", "my-zwtool/0.22.1", "y"}}},
		{"of a crate", "usr/bin/zwtool", "", elftest.Packed{Text: crate, Strings: []string{"telemetry.version", "0.32.1", "The binary"}}},
		{"of a driver", "usr/bin/zwtool", "", elftest.Packed{Strings: []string{"chromedriver_version", "0.32.1", "The binary"}}},
		{"of something else", "usr/bin/zwtool", "", elftest.Packed{Strings: []string{"x", "1.3.0-zlib-rs-0", "The binary"}}},
		{"addresses and dates", "usr/bin/zwtool", "", elftest.Packed{Strings: []string{"x", "127.0.0.1", "The binary", "02.01.2006", "x", "0.0.0", "x"}}},
		{"of a library", "usr/lib/zwtool.linux-x64-gnu.node", "", elftest.Packed{Library: true, Strings: []string{"x", "0.6.3", "y"}}},
		{"no name", "opt/app/server", "", elftest.Packed{Strings: []string{"symfile", "0.22.1", "The binary"}}},
		{"the name of its site", "opt/app/server", "zwtool 0.22.1 only-string-version", elftest.Packed{Text: site + " ", Strings: []string{"zwtool", "0.22.1", "The binary"}}},
		{"used most", "usr/bin/zwtool", "zwtool 0.22.1 most-used-string-version", elftest.Packed{Strings: []string{"a", "0.22.1", "b", "0.22.1", "c", "0.22.1", "d", "1.4.9", "e"}}},
		{"a text of another", "usr/bin/zwtool", "", elftest.Packed{Text: "See zwtool 0.3.1 for that. ", Strings: []string{"a", "0.22.1", "b", "1.4.9", "e"}}},
		{"longer name of the file", "usr/bin/zwtool-capi", "zwtool 0.22.1 string-beside-name", elftest.Packed{Strings: []string{"zwtool", "0.22.1", "The binary", "1.4.9", "x"}}},
		{"side by side", "usr/bin/zwtool", "", elftest.Packed{Strings: []string{"Please use zwtool", " ", "1.4.9", "x", "2.3.4", "y"}}},
	} {
		c.file.Text = rust + c.file.Text
		if got := mainOf(t, c.path, c.file.Bytes(), false); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	file := elftest.Packed{Text: rust, Library: true, Strings: []string{"x", "0.6.3", "y"}}
	if got, want := mainOf(t, "usr/lib/zwtool.linux-x64-gnu.node", file.Bytes(), true), "zwtool 0.6.3 only-version"; got != want {
		t.Errorf("eager: %q, want %q", got, want)
	}
}

// TestStringsOnce: a file that went by once is read again for its strings if that is wanted, unless
// something surer names it.
func TestStringsOnce(t *testing.T) {
	unnamed := elftest.Packed{Text: rust, Strings: []string{"a", "0.22.1", "b"}}
	stated := elftest.Packed{Text: "runtime.gopanic\x00path\texample.com/a\nmod\texample.com/a\tv1.2.3\t\n", Strings: []string{"a", "0.22.1", "b"}}
	other := elftest.Packed{Strings: []string{"a", "0.22.1", "b"}}
	for what, c := range map[string]struct {
		file  *elftest.Packed
		again bool
	}{"Rust": {&unnamed, true}, "Go with a list": {&stated, false}, "C": {&other, false}} {
		b := c.file.Bytes()
		d, err := New(&Options{Thorough: true})
		if err != nil {
			t.Fatal(err)
		}
		e := detect.Entry{Path: "usr/bin/zwtool", Size: int64(len(b)), Mode: 0o755, Head: b[:detect.HeadSize]}
		s := d.Sift(&e)
		if _, err := s.Write(b); err != nil {
			t.Fatal(err)
		}
		_, err = d.Detect(context.Background(), &detect.File{Entry: e, ReaderAt: s})
		if again := errors.Is(err, detect.ErrSkipped); again != c.again || !again && err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

const goProgramText = `package main

import "os"

var version = "4.7.1"

const least = "2.31.0"

func main() {
	print(version, NAME)
	checkLeast(os.Args[0])
}

//go:noinline
func checkLeast(s string) { print(len(s), least) }
`

// TestGoStrings: real programs without build information that states their version.
func TestGoStrings(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	for _, c := range []struct {
		what, path, source, want string
		args                     []string
	}{
		{"variable", "opt/app/server", goProgramText, "zwtool 4.7.1 go-version-variable", nil},
		{"set by the linker", "opt/app/server", goProgramText, "zwtool 9.9.1 go-linked-version", []string{"-ldflags=-s -w -X main.version=9.9.1+ds1", "-trimpath"}},
		{"in code", "opt/app/server", strings.Replace(goProgramText, "var version", "const version", 1), "zwtool 4.7.1 go-version-in-code", nil},
		{"of what it runs", "opt/app/server", strings.Replace(goProgramText, "4.7.1", "dev", 1), "", nil},
	} {
		b := buildGo(t, strings.Replace(c.source, ", NAME", "", 1), c.args...)
		r, err := detector(t, false).Identify(context.Background(), c.path, int64(len(b)), bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if f := r.Main(); f != nil {
			got = f.Name + " " + f.Version + " " + f.Rule()
			if want := "pkg:golang/example.com/me/zwtool@v" + f.Version; f.PURL != want {
				t.Errorf("%s: %s, want %s", c.what, f.PURL, want)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func buildGo(t *testing.T, source string, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": source, "go.mod": "module example.com/me/zwtool\n\ngo 1.24\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(args) == 0 {
		args = []string{"-ldflags=-s -w"}
	}
	cmd := exec.Command("go", append([]string{"build", "-buildvcs=false", "-o", "prog"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "GOPROXY=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("go build: %v\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "prog"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestModuleNames(t *testing.T) {
	for pkg, want := range map[string]string{
		"github.com/containers/buildah/cmd/buildah": "github.com/containers/buildah buildah",
		"github.com/a/b/internal/tool":              "github.com/a/b ",
		"github.com/caddyserver/caddy/v2/cmd/caddy": "github.com/caddyserver/caddy caddy",
		"go.cypherpunks.ru/nncp/v7/cmd/nncp-caller": "go.cypherpunks.ru/nncp/v7 nncp",
		"gitlab.com/yawning/obfs4.git/obfs4proxy":   "gitlab.com/yawning/obfs4.git obfs4",
		"filippo.io/age/cmd/age":                    "filippo.io/age age",
		"miniflux.app/v2":                           "miniflux.app/v2 miniflux",
		"src.elv.sh/cmd/elvish":                     "src.elv.sh ",
		"github.com/cli/cli/v2/cmd/gh":              "github.com/cli/cli ",
		"command-line-arguments":                    " ",
		"":                                          " ",
	} {
		module := moduleOf(pkg)
		if got := module + " " + moduleName(module); got != want {
			t.Errorf("%s: %q, want %q", pkg, got, want)
		}
	}
	for version, want := range map[string]string{"2.8.2+ds1": "2.8.2", "1.6.7~rc0": "1.6.7-rc0", "1.19.2-ds1": "1.19.2", "1.2.3": "1.2.3"} {
		if got := ofUpstream(version); got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
}
