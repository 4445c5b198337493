package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const (
	appVersion = "1.4.2"
	goVersion  = "go1.26.8" // the Go program depends on the toolchain's bytes
	libz       = "usr/lib/x86_64-linux-gnu/libz.so.1.2.13"
	modules    = "app/node_modules/"
	site       = "usr/local/lib/python3.11/dist-packages"
)

// step is one line of the image's history; without a tree it made no layer.
type step struct {
	by   string
	tree tree
}

func steps(pkgs map[string]string, work string) ([]step, error) {
	base, err := debian(pkgs, "base-files", "dash", "less", "libexpat1", "netbase", "zlib1g")
	if err != nil {
		return nil, err
	}
	app, err := application(pkgs, work)
	if err != nil {
		return nil, err
	}
	lib, err := libraries(pkgs)
	if err != nil {
		return nil, err
	}
	tools := make(tree)
	jq, err := fromDeb(pkgs["jq"], "usr/bin/jq")
	if err != nil {
		return nil, err
	}
	tools.file("usr/local/bin/fetchq", 0o755, jq)
	fix, err := hotfix(pkgs, base)
	if err != nil {
		return nil, err
	}
	return []step{
		{"ADD rootfs.tar.xz / # base of Debian 12 packages", base},
		{"ENV PATH=/usr/local/bin:/usr/bin:/bin", nil},
		{"COPY storefront package.json package-lock.json node_modules /app/", app},
		{"RUN install-libraries wheel commons-logging", lib},
		{"COPY fetchq /usr/local/bin/", tools},
		{"RUN ./hotfix.sh", fix},
		{`ENTRYPOINT ["/app/storefront"]`, nil},
	}, nil
}

// debian returns a root of packages, with the links of a merged /usr.
func debian(pkgs map[string]string, names ...string) (tree, error) {
	t := make(tree)
	for _, n := range names {
		if err := t.install(pkgs[n]); err != nil {
			return nil, fmt.Errorf("%s: %w", n, err)
		}
	}
	return t.mergeUsr(), nil
}

// application is the Go program with its npm packages and their lock file.
func application(pkgs map[string]string, work string) (tree, error) {
	t := make(tree)
	bin, err := buildApp(work)
	if err != nil {
		return nil, err
	}
	t.file("app/storefront", 0o755, bin)
	locked := []string{"left-pad@1.3.0", "lodash@4.17.20", "minimist@1.2.5"}
	for _, p := range locked {
		if err := t.npm(pkgs[p], p); err != nil {
			return nil, err
		}
	}
	return t, t.manifests(locked)
}

// buildApp compiles the program in ./app, the same bytes each time.
func buildApp(work string) ([]byte, error) {
	dir := filepath.Join("examples", "quickstart", "internal", "mkimage", "app")
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("run mkimage from the repository's root: %w", err)
	}
	bin, err := filepath.Abs(filepath.Join(work, "storefront"))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+appVersion, "-o", bin, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "GOTOOLCHAIN="+goVersion)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return os.ReadFile(bin)
}

// npm unpacks a package as npm does.
func (t tree) npm(tgz, spec string) error {
	f, err := os.Open(tgz)
	if err != nil {
		return err
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	name, _, _ := strings.Cut(spec, "@")
	return t.addTar(gz, func(n string) string {
		_, rest, ok := strings.Cut(n, "/")
		if !ok {
			return ""
		}
		return modules + name + "/" + rest
	})
}

// manifests writes package.json and a lock file of version 3.
func (t tree) manifests(specs []string) error {
	deps, locked := map[string]string{}, map[string]any{}
	for _, s := range specs {
		name, version, _ := strings.Cut(s, "@")
		deps[name] = version
		locked["node_modules/"+name] = map[string]string{"version": version}
	}
	locked[""] = map[string]any{"name": "storefront", "version": appVersion, "dependencies": deps}
	for file, v := range map[string]any{
		"app/package.json":      map[string]any{"name": "storefront", "version": appVersion, "license": "Apache-2.0", "private": true, "dependencies": deps},
		"app/package-lock.json": map[string]any{"name": "storefront", "version": appVersion, "lockfileVersion": 3, "requires": true, "packages": locked},
	} {
		b, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		t.file(file, 0o644, append(b, '\n'))
	}
	return nil
}

// libraries are a Python wheel unpacked beside no package manager, and a jar
// taken out of its Debian package.
func libraries(pkgs map[string]string) (tree, error) {
	t := make(tree)
	whl, err := fromDeb(pkgs["python3-wheel-whl"], "usr/share/python-wheels/wheel-0.38.4-py3-none-any.whl")
	if err != nil {
		return nil, err
	}
	zr, err := zip.NewReader(bytes.NewReader(whl), int64(len(whl)))
	if err != nil {
		return nil, err
	}
	for _, f := range zr.File {
		rc, err := f.Open()
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(rc)
		if err != nil {
			return nil, err
		}
		if !strings.HasSuffix(f.Name, "/") {
			t.file(path.Join(site, f.Name), 0o644, b)
		}
	}
	jar, err := fromDeb(pkgs["libcommons-logging-java"], "usr/share/java/commons-logging-1.2.jar")
	if err != nil {
		return nil, err
	}
	t.file("app/lib/commons-logging-1.2.jar", 0o644, jar)
	return t, nil
}

// hotfix changes a packaged library, deletes a package and upgrades another.
func hotfix(pkgs map[string]string, base tree) (tree, error) {
	t := make(tree)
	lib := bytes.Clone(base[libz].data)
	if len(lib) == 0 {
		return nil, fmt.Errorf("no %s in the base", libz)
	}
	copy(lib[len(lib)/2:], bytes.Repeat([]byte{0x90}, 16))
	n := base[libz]
	n.data = lib
	t[libz] = n // size, mode and time stay
	t.whiteout(modules + "left-pad")
	t.opaque(modules + "minimist")
	return t, t.npm(pkgs["minimist@1.2.8"], "minimist@1.2.8")
}

// mergeUsr moves /bin, /sbin and /lib below /usr and leaves links, as Debian 12 is installed.
func (t tree) mergeUsr() tree {
	merged := make(tree, len(t))
	// In order, so that of two headers of one directory that of usr/ stays.
	for _, name := range slices.Sorted(maps.Keys(t)) {
		n := t[name]
		top, rest, _ := strings.Cut(name, "/")
		switch top {
		case "bin", "sbin", "lib", "lib64":
			if rest != "" {
				merged["usr/"+name] = n
			}
		default:
			merged[name] = n
		}
	}
	for _, top := range []string{"bin", "sbin", "lib", "lib64"} {
		merged.symlink(top, "usr/"+top)
	}
	return merged
}
