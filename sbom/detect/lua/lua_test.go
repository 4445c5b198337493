package lua

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	const content = "package = \"LuaSocket\"\ndescription = { license = \"MIT\" }\n"
	f := detecttest.File{Path: "usr/local/lib/luarocks/rocks-5.3/luasocket/3.1.0-1/luasocket-3.1.0-1.rockspec", Data: []byte(content)}.Open()
	frag, err := New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Licenses[0].Expression)
	// Output: pkg:luarocks/luasocket@3.1.0-1 MIT
}

func TestTree(t *testing.T) { golden.TestTree(t, New(), maxFile) }

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"lib/luarocks/rocks-5.4/a/1-1/a-1-1.rockspec": true, "lib/luarocks/rocks/a/1-1/rock_manifest": true,
		"lib/luarocks/rocks-5.4/a/1-1/b-1-1.rockspec": false, "a-1-1.rockspec": false, "lib/luarocks/rocksx/a/1-1/rock_manifest": false,
		"lib/luarocks/rocks-5.4/manifest": false, "xlib/luarocks/rocks-5.4/a/1-1/rock_manifest": false,
		"luarocks.lock": true, "node_modules/a/luarocks.lock": false,
		"usr/local/lib/luarocks/rocks-5.3/luasocket/3.1.0-1/luasocket-3.1.0-1.rockspec": true,
	})
}

// FuzzDetect checks the contract, and that nothing is without a version or is claimed
// by what is not there.
func FuzzDetect(f *testing.F) {
	// A manifest claims for the rock in its directory.
	elsewhere := func(in detecttest.File, c detect.Claim) bool { return strings.HasPrefix(in.Path, c.Key+"/") }
	golden.Fuzz(f, New(), golden.Tree(f), golden.Whole(elsewhere))
}

func TestValues(t *testing.T) {
	for in, want := range map[string]string{
		`a = "x\"y" b = 1`: `x"y`, `a = 'x'`: "x", "a = [==[x]]y]==]": "x]]y", "a = 1.5": "1.5", "a = true -- x": "true", "-- c\na = 'x';": "x",
		"x()\na = 'x'": "x", "a = 'x' .. y\nb = 1": "", "a = 'x'\n  .. y\nb = 1": "", "a = f('x')\nb = 1": "", "a = #x\nb = 1": "", "a == 'x'\nb = 1": "",
	} {
		vars, err := assignments(in)
		if err != nil || vars["a"].text != want {
			t.Errorf("%s: %+v, %v, want %q", in, vars, err, want)
		}
	}
	for _, in := range []string{"", "a", "a = {", `a = "x`, "a = {b = }", "return {}", strings.Repeat("a = {", 1<<17)} {
		if vars, err := assignments(in); err == nil {
			t.Errorf("%.40s: %+v", in, vars)
		}
	}
	if _, err := assignments("a = {" + strings.Repeat("1,", maxValues+1) + "}"); !errors.Is(err, detect.ErrLimit) {
		t.Errorf("many values: %v", err)
	}
}

// TestAgainstLuaRocks has this machine's LuaRocks install a rock from a directory, and
// compares what is found with what it lists and with the files that are there.
func TestAgainstLuaRocks(t *testing.T) {
	luarocks, err := exec.LookPath("luarocks")
	if err != nil {
		t.Skip("no LuaRocks on this machine")
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"acme-1.2-1.rockspec": `package = "acme" version = "1.2-1" source = { url = "." } description = { license = "MIT" }
			build = { type = "builtin", modules = { acme = "acme.lua", ["acme.sub"] = "sub.lua" }, install = { bin = { tool = "tool.lua" } } }`,
		"acme.lua": "return {}\n", "sub.lua": "return 1\n", "tool.lua": "print(1)\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(luarocks, append([]string{"--tree=" + filepath.Join(dir, "tree")}, args...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Skipf("this machine's LuaRocks does not install: %v: %s", err, out)
		}
		return string(out)
	}
	run("make", "acme-1.2-1.rockspec")
	list := strings.Fields(run("list", "--porcelain"))
	var found, owned []string
	err = filepath.WalkDir(dir, func(at string, e os.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, at)
		if err != nil || e.IsDir() || !New().Wants(&detect.Entry{Path: filepath.ToSlash(rel), Size: 1}) {
			return err
		}
		data, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		frag := detecttest.Detect(t, New(), filepath.ToSlash(rel), data)
		for _, c := range frag.Components {
			found = append(found, c.Name, c.Version)
		}
		for _, c := range frag.Claims {
			b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(c.Path)))
			if err != nil || c.Digest != "" && c.Digest.Hex() != fmt.Sprintf("%x", md5.Sum(b)) {
				t.Errorf("claim %+v: %v", c, err)
			}
			owned = append(owned, c.Path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 2 || strings.Join(found, " ") != strings.Join(list[:2], " ") || len(owned) != 5 {
		t.Errorf("found %q, owned %q, listed %q", found, owned, list)
	}
}
