package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/examples/buildkit-scanner/internal/generator"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/buildkit"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/image"
	imageremote "github.com/imagetrust/imagetrust/sbom/image/remote"
)

// The test of a real build, by a real BuildKit, runs where these say what it needs:
//
//	IMAGETRUST_BUILDKIT=DIR        a directory with buildkitd and buildctl; runc is in the PATH
//	IMAGETRUST_DEBIAN_ROOTFS=DIR   what debootstrap makes
//
// It must be run as root. .ci/long makes all of it.
const (
	buildkitEnv = "IMAGETRUST_BUILDKIT"
	rootfsEnv   = "IMAGETRUST_DEBIAN_ROOTFS"
)

// recipe is the Dockerfile: a stage that is a whole Debian, one that changes it, one
// with a program, and an image with files of all of them on a base image from a
// registry.
const recipe = `
ARG BASE
ARG BUILDKIT_SBOM_SCAN_STAGE=true
ARG BUILDKIT_SBOM_SCAN_CONTEXT=true
FROM scratch AS debian
COPY --from=rootfs / /

FROM debian AS build
RUN dpkg --purge --force-all mawk >/dev/null 2>&1; mkdir -p /out/deep && cp /bin/bash /out/deep/shell && \
    echo built in a stage > /out/built.txt && ln -s deep/shell /out/link

FROM scratch AS tools
COPY tool /usr/bin/tool

FROM ${BASE}
COPY --from=debian /usr/bin/sort /usr/local/bin/sort
COPY --from=debian /usr/lib/ /usr/lib/
COPY --from=build /out/ /srv/
COPY --link --from=tools /usr/bin/tool /usr/bin/tool
COPY --from=build /etc/os-release /bin/bash /opt/
COPY text.txt notes/*.md /doc/
COPY <<EOF /etc/made.conf
made = in the Dockerfile
EOF
RUN ["/usr/bin/tool", "/etc/run.conf"]
`

// program is what the Dockerfile runs: a static program, since the base image has none.
const program = `package main

import "os"

func main() {
	if err := os.WriteFile(os.Args[1], []byte("made by a command\n"), 0o644); err != nil {
		panic(err)
	}
}
`

// expected has for each file of the image the stage it came from, and its path there.
// An empty stage is none: what is behind it is how it came into the image. Those of
// usr/lib, which came as a whole, are added when the stage is known.
var expected = map[string][2]string{
	"base.txt":                            {"", "image"},
	"usr/lib/node_modules/b/package.json": {"", "image"},
	"usr/local/bin/sort":                  {"debian", "usr/bin/sort"},
	"srv/deep/shell":                      {"build", "out/deep/shell"},
	"srv/built.txt":                       {"build", "out/built.txt"},
	"usr/bin/tool":                        {"tools", "usr/bin/tool"},
	"opt/os-release":                      {"build", "usr/lib/os-release"}, // through a symlink
	"opt/bash":                            {"build", "usr/bin/bash"},       // through a symlink of a directory
	"doc/text.txt":                        {"context", "text.txt"},
	"doc/a.md":                            {"context", "notes/a.md"},
	"doc/b.md":                            {"context", "notes/b.md"},
	"etc/made.conf":                       {"", "made"},
	"etc/run.conf":                        {"", "run"},
}

// TestRealBuild has BuildKit build an image with the generator, in all forms in which
// its attestations are found, and compares what the image and its statements say with
// what BuildKit itself exports of every stage.
func TestRealBuild(t *testing.T) {
	bk := startBuildKit(t)
	bk.exportAll(t)
	sbomOf := "attest:sbom=generator=" + bk.registry + "/generator:1"
	archive := func(name string) func() (*image.Image, error) {
		return func() (*image.Image, error) { return image.Open(bk.path(name), nil) }
	}
	for _, tt := range []struct {
		name, output, provenance string
		open                     func() (*image.Image, error)
	}{
		{"archive", "type=oci,dest=" + bk.path("new.tar"), "version=v1", archive("new.tar")},
		{"before OCI artifacts", "type=oci,oci-artifact=false,dest=" + bk.path("old.tar"), "version=v0.2", archive("old.tar")},
		{"zstd", "type=oci,compression=zstd,force-compression=true,dest=" + bk.path("zstd.tar"), "version=v1", archive("zstd.tar")},
		{"registry", "type=image,push=true,name=" + bk.registry + "/app:1", "version=v1", func() (*image.Image, error) {
			return imageremote.Open(t.Context(), bk.registry+"/app:1", nil)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bk.build(t, "", tt.output, "attest:provenance=mode=max,"+tt.provenance, sbomOf)
			img, err := tt.open()
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			checkBuild(t, bk, img)
		})
	}
}

func checkBuild(t *testing.T, bk *buildKit, img *image.Image) {
	ctx := t.Context()
	build, err := buildkit.Read(ctx, img, nil)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := catalog.Image(ctx, img, nil)
	if err != nil {
		t.Fatal(err)
	}
	shipped := slices.Clone(inv.Components)
	files, err := buildkit.Files(ctx, img)
	if err != nil {
		t.Fatal(err)
	}
	if err := img.MarkLayers(inv, nil); err != nil {
		t.Fatal(err)
	}
	origins, err := build.Join(inv, files)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range inv.Gaps {
		if g.Detector == "buildkit@1" {
			t.Errorf("gap: %+v", g)
		}
	}
	bk.checkFiles(t, files, origins)
	bk.checkPackages(t, inv)
	bk.checkShipped(t, inv, shipped)
	checkLayers(t, inv, bk.base)
}

// checkFiles compares files and origins with what BuildKit exports.
func (bk *buildKit) checkFiles(t *testing.T, files []sbom.File, origins []buildkit.Origin) {
	exported := bk.exported
	got := make(map[string]string)
	for _, f := range files {
		got[f.Path] = string(f.Digests[0])
	}
	expected := maps.Clone(expected)
	for name := range exported["debian"] {
		if strings.HasPrefix(name, "usr/lib/") {
			expected[name] = [2]string{"debian", name}
		}
	}
	if d := gocmp.Diff(exported[""], got); d != "" {
		t.Errorf("files of the image (-exported +read):\n%s", d)
	}
	seen, proved := 0, 0
	for _, o := range origins {
		want, ok := expected[o.Path]
		if !ok {
			t.Errorf("%s is no file of the image", o.Path)
			continue
		}
		seen++
		stage, proof := o.Stage()
		if stage == "" {
			if kind := string(o.Trail[0].Kind); kind != want[1] || want[0] != "" {
				t.Errorf("%s: %s, want %s", o.Path, kind, want)
			}
			continue
		}
		proved++
		at := o.Trail[1].Path
		if [2]string{stage, at} != want || proof != buildkit.Proved {
			t.Errorf("%s: %s of %s, %s; want %s", o.Path, at, stage, proof, want)
		}
		if d := exported[stage][at]; d == "" || d != got[o.Path] {
			t.Errorf("%s: %s of %s is %q as BuildKit exports it, and the file is %s", o.Path, at, stage, d, got[o.Path])
		}
	}
	if seen != len(expected) || len(files) != len(expected) {
		t.Errorf("%d of %d files traced, want %d", seen, len(files), len(expected))
	}
	t.Logf("%d files of the image, %d of them proved to be of a stage with %d, %d or %d files or of the context with %d",
		len(files), proved, len(exported["debian"]), len(exported["build"]), len(exported["tools"]), len(exported["context"]))
}

// checkPackages compares the packages of each stage with what dpkg lists.
func (bk *buildKit) checkPackages(t *testing.T, inv *sbom.Inventory) {
	got := make(map[string][]string)
	for i := range inv.Components {
		c := &inv.Components[i]
		if stage := c.Property(buildkit.StageProperty); strings.HasPrefix(c.PURL, "pkg:deb/") {
			got[stage] = append(got[stage], c.Name+" "+c.Version)
		} else if strings.HasPrefix(c.PURL, "pkg:golang/stdlib@") && stage != "" {
			got[stage] = append(got[stage], "go")
		}
	}
	all := dpkgList(t, os.Getenv(rootfsEnv))
	some := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return strings.HasPrefix(s, "mawk ") })
	if len(some) != len(all)-1 {
		t.Error("the root file system has no mawk that the build could remove")
	}
	for _, names := range got {
		slices.Sort(names)
	}
	if d := gocmp.Diff(map[string][]string{"debian": all, "build": some, "tools": {"go"}, "context": {"go"}}, got); d != "" {
		t.Errorf("packages of stages (-dpkg +inventory):\n%s", d)
	}
	t.Logf("%d packages in stage debian, %d in build", len(all), len(some))
}

// checkShipped makes sure that the image's own components are what they were, and that
// nothing else passes for shipped.
func (bk *buildKit) checkShipped(t *testing.T, inv *sbom.Inventory, shipped []sbom.Component) {
	var own []sbom.Component
	stages := make(map[string]string)
	for _, c := range inv.Components {
		if c.Scope != sbom.ScopeBuild {
			own = append(own, c)
			continue
		}
		if c.Attribution.Visible {
			t.Errorf("%s of the build is visible", c.Name)
		}
		if c.Type == sbom.TypeContainer && c.Property(buildkit.StageProperty) != "" {
			stages[c.ID] = c.Name
		}
	}
	if d := gocmp.Diff(shipped, own); d != "" {
		t.Errorf("components of the image (-before +after):\n%s", d)
	}
	from := make(map[string]string)
	for _, r := range inv.Relationships {
		if r.Type == sbom.CopiedFrom {
			from[inv.Component(r.From).Name] = stages[r.To]
		}
	}
	want := map[string]string{"example.com/tool": "tools", "stdlib": "tools", "debian": "debian"} // usr/lib has os-release
	if d := gocmp.Diff(want, from); d != "" {
		t.Errorf("components by the stage that they are copied from (-want +got):\n%s", d)
	}
}

func checkLayers(t *testing.T, inv *sbom.Inventory, base v1.Hash) {
	for i, l := range inv.Layers {
		want := sbom.LayerBuild
		if i == 0 {
			want = sbom.LayerBase
			if l.Origin.Digest != sbom.Digest(base.String()) {
				t.Errorf("the base image is %s, want %s", l.Origin.Digest, base)
			}
		}
		if l.Origin.Role != want || l.Origin.Evidence.Value == "" {
			t.Errorf("layer %d: %+v, want %s", i, l.Origin, want)
		}
	}
}

// buildKit is a running buildkitd, and a registry for it.
type buildKit struct {
	bin, dir string
	registry string // host and port
	base     v1.Hash
	// exported are the files of stages with their digests; "" is the image.
	exported map[string]map[string]string
}

func (bk *buildKit) path(name string) string { return filepath.Join(bk.dir, name) }

func startBuildKit(t *testing.T) *buildKit {
	t.Helper()
	bk := &buildKit{bin: os.Getenv(buildkitEnv), dir: t.TempDir()}
	switch _, err := exec.LookPath("runc"); {
	case bk.bin == "":
		t.Skipf("%s does not say where buildkitd and buildctl are", buildkitEnv)
	case os.Getenv(rootfsEnv) == "":
		t.Skipf("%s does not say where a Debian root file system is", rootfsEnv)
	case os.Getuid() != 0:
		t.Skip("buildkitd needs root")
	case err != nil:
		t.Skipf("buildkitd needs runc: %v", err)
	}
	bk.startRegistry(t)
	bk.writeContext(t)
	bk.startDaemon(t)
	return bk
}

// startRegistry serves the generator and a base image on the loopback interface.
func (bk *buildKit) startRegistry(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	bk.registry = l.Addr().String()
	gen, err := generator.Image(t.Context(), runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	base := testImage(t, map[string]string{
		"base.txt": "of the base image\n", "usr/lib/node_modules/b/package.json": `{"name":"b","version":"1.2.3"}`})
	for ref, img := range map[string]v1.Image{"/generator:1": gen, "/base:1": base} {
		tag, err := name.NewTag(bk.registry + ref)
		if err == nil {
			err = remote.Write(tag, img)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if bk.base, err = base.Digest(); err != nil {
		t.Fatal(err)
	}
}

func (bk *buildKit) writeContext(t *testing.T) {
	for name, text := range map[string]string{
		"context/text.txt": "text\n", "context/notes/a.md": "# A\n", "context/notes/b.md": "# B\n", "context/empty.txt": "",
		"dockerfile/Dockerfile": recipe, "tool/main.go": program, "tool/go.mod": "module example.com/tool\n\ngo 1.26\n",
		"buildkitd.toml": fmt.Sprintf("[registry.%q]\n  http = true\n", bk.registry),
	} {
		if err := os.MkdirAll(filepath.Dir(bk.path(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(bk.path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", bk.path("context/tool"), ".")
	cmd.Dir, cmd.Env = bk.path("tool"), append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
}

// startDaemon starts buildkitd, waits until it says that it listens, and ends it with
// the test.
func (bk *buildKit) startDaemon(t *testing.T) {
	cmd := exec.Command(filepath.Join(bk.bin, "buildkitd"), "--root", bk.path("root"), "--addr", bk.address(), "--config", bk.path("buildkitd.toml"),
		"--oci-worker=true", "--containerd-worker=false", "--oci-worker-snapshotter=native")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, lines := make(chan bool, 1), make(chan string, 1)
	go func() {
		var all []string
		for s := bufio.NewScanner(stderr); s.Scan(); {
			all = append(all, s.Text())
			if strings.Contains(s.Text(), "running server on") {
				ready <- true
			}
		}
		close(ready)
		lines <- strings.Join(all, "\n")
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		text := <-lines
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("buildkitd:\n%s", text)
		}
	})
	if !<-ready {
		t.Fatal("buildkitd ended")
	}
}

func (bk *buildKit) address() string { return "unix://" + bk.path("buildkitd.sock") }

// build builds a target, the whole if empty.
func (bk *buildKit) build(t *testing.T, target, output string, opts ...string) {
	t.Helper()
	args := []string{"--addr", bk.address(), "build", "--frontend", "dockerfile.v0", "--progress", "plain",
		"--local", "context=" + bk.path("context"), "--local", "dockerfile=" + bk.path("dockerfile"),
		"--local", "rootfs=" + os.Getenv(rootfsEnv), "--opt", "context:rootfs=local:rootfs",
		"--opt", "build-arg:BASE=" + bk.registry + "/base:1", "--opt", "target=" + target, "--output", output}
	for _, o := range opts {
		args = append(args, "--opt", o)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(bk.bin, "buildctl"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("buildctl: %v\n%s", err, out)
	}
}

func (bk *buildKit) exportAll(t *testing.T) {
	bk.exported = map[string]map[string]string{"context": digests(t, bk.path("context"))}
	for _, stage := range []string{"", "debian", "build", "tools"} {
		bk.exported[stage] = bk.export(t, stage)
	}
}

// export returns the digests of the files of a stage as BuildKit exports it.
func (bk *buildKit) export(t *testing.T, target string) map[string]string {
	dir := bk.path("export-" + cmp.Or(target, "image"))
	bk.build(t, target, "type=local,dest="+dir)
	return digests(t, dir)
}

// testImage makes an image of one layer with the files.
func testImage(t *testing.T, files map[string]string) v1.Image {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		t.Fatal(err)
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if img, err = mutate.ConfigFile(img, &v1.ConfigFile{OS: "linux", Architecture: runtime.GOARCH}); err == nil {
		img, err = mutate.AppendLayers(img, layer)
	}
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// dpkgList returns the installed packages of a root file system as dpkg lists them.
func dpkgList(t *testing.T, root string) []string {
	t.Helper()
	out, err := exec.Command("dpkg-query", "--admindir="+filepath.Join(root, "var/lib/dpkg"), "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n").Output()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "installed "); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
