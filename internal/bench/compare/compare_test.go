//go:build linux

package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/internal/bench/compare/score"
	"github.com/imagetrust/imagetrust/internal/bench/images/blob"
	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

// TestMain is main where a test starts this program as a worker.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		exit(work(os.Args[2:]))
	}
	os.Exit(m.Run())
}

const status = "Package: bash\nStatus: install ok installed\nVersion: 5.2-1\nArchitecture: amd64\nMaintainer: m\nDescription: d\n\n"

// files writes files as a layer.
func files(nameContents ...string) func(io.Writer) error {
	return func(w io.Writer) error {
		t := tar.NewWriter(w)
		for i := 0; i < len(nameContents); i += 2 {
			data := nameContents[i+1]
			err := t.WriteHeader(&tar.Header{Name: nameContents[i], Mode: 0o644, Size: int64(len(data))})
			if err == nil {
				_, err = io.WriteString(t, data)
			}
			if err != nil {
				return err
			}
		}
		return t.Close()
	}
}

// build builds an image of two layers, in both formats, with its truth.
func build(t *testing.T) (dir string, img *truth.Image) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	img = &truth.Image{Name: "small", Packages: []truth.Package{{Ecosystem: truth.Debian, Name: "bash", Version: "5.2-1", Arch: "amd64", Layer: 1, Introduced: 1}}}
	var layers []*blob.Layer
	for i, write := range []func(io.Writer) error{
		files("etc/os-release", "ID=debian\nVERSION_ID=12\n", "usr/share/large", strings.Repeat("large ", 50_000)),
		files("var/lib/dpkg/status", status, "var/lib/dpkg/info/bash.list", "/.\n/etc\n/etc/os-release\n"),
	} {
		l, err := blob.NewLayer(filepath.Join(t.TempDir(), "layer"), "step", blob.Standard, write)
		if err != nil {
			t.Fatal(i, err)
		}
		layers = append(layers, l)
		img.Layers = append(img.Layers, truth.Layer{DiffID: l.DiffID.String(), Digest: l.Digest.String(), Size: l.Size, CompressedSize: l.GzipSize})
	}
	err := errors.Join(blob.WriteOCI(filepath.Join(dir, "oci"), "small", layers), blob.WriteDocker(filepath.Join(dir, "docker.tar"), "small", layers), truth.Write(dir, img))
	if err != nil {
		t.Fatal(err)
	}
	return dir, img
}

func inputs(t *testing.T, dir string, img *truth.Image) []input {
	t.Helper()
	list := []input{{format: ociLayout, path: filepath.Join(dir, "oci")}, {format: dockerArchive, path: filepath.Join(dir, "docker.tar")}}
	for i := range list {
		var err error
		if list[i].sections, err = writeSections(t.TempDir(), list[i], img); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func TestRows(t *testing.T) {
	dir, img := build(t)
	o := &options{tools: []string{"bare", "ours"}, runs: 2}
	for _, in := range inputs(t, dir, img) {
		cards, disk, err := o.judge(img, in, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if len(cards) != 1 || len(cards[0].card.Ecosystems) != 1 {
			t.Fatalf("%s: cards %+v", in.format, cards)
		}
		if e := cards[0].card.Ecosystems[0]; e.Found != 1 || e.Layers != 1 || len(e.Extra) != 0 {
			t.Errorf("%s: %+v", in.format, e)
		}
		results, err := o.measureAll(in, t.TempDir(), disk)
		if err != nil {
			t.Fatal(err)
		}
		want := map[format]int{ociLayout: 5, dockerArchive: 4}[in.format]
		if len(results) != want {
			t.Errorf("%s: %d rows, want %d", in.format, len(results), want)
		}
		for _, r := range results {
			if len(r.runs) != 2 || (r.output > 0) != (r.row.name == "ours") {
				t.Errorf("%s, %s: %d runs, %d bytes", in.format, r.row.name, len(r.runs), r.output)
			}
			for _, u := range r.runs {
				if u.Exit != 0 || u.Wall <= 0 || u.CPU <= 0 || u.Resident < 1<<20 || u.Left != 0 {
					t.Errorf("%s, %s: %+v", in.format, r.row.name, u)
				}
			}
		}
	}
}

// TestBareChecks shows that the bare rows do read everything: they notice a byte.
func TestBareChecks(t *testing.T) {
	dir, img := build(t)
	for _, in := range inputs(t, dir, img) {
		list, err := sections(in, img)
		if err != nil {
			t.Fatal(err)
		}
		for _, inflated := range []func(io.Reader, io.Writer) error{klauspost, ours} {
			if err := runBare(in.sections, inflated); err != nil {
				t.Error(err)
			}
			wrong := list
			wrong[1].DiffID = wrong[0].Digest
			data, err := json.Marshal(wrong)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "wrong.json")
			if err := os.WriteFile(file, data, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := runBare(file, inflated); err == nil || !strings.Contains(err.Error(), " is not ") {
				t.Errorf("%s: a layer with another digest: %v", in.format, err)
			}
		}
	}
}

func TestLaunch(t *testing.T) {
	u, err := launch([]string{"sh", "-c", `head -c 1000000 /dev/zero >"$TMPDIR/left"; echo why >&2; exit 3`}, true)
	if err != nil {
		t.Fatal(err)
	}
	if u.Exit != 3 || u.Stderr != "why" || u.Left < 1e6 || u.Disk < 1e6 {
		t.Errorf("%+v", u)
	}
	if _, err := launch([]string{"/no/such/program"}, false); err == nil {
		t.Error("no error for a program that is not there")
	}
}

// TestLaunchResident shows that a process is not charged with the memory of this one.
func TestLaunchResident(t *testing.T) {
	mine := make([]byte, 256<<20)
	for i := 0; i < len(mine); i += 4096 {
		mine[i] = 1
	}
	u, err := launch([]string{"true"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if u.Resident > 64<<20 {
		t.Errorf("true took %d MiB; %d", u.Resident>>20, mine[4096])
	}
}

func TestDiskNameless(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	before := diskNameless(os.Getpid())
	_, err = f.Write(make([]byte, 1e6))
	if err = errors.Join(err, f.Sync(), os.Remove(f.Name())); err != nil {
		t.Fatal(err)
	}
	if got := diskNameless(os.Getpid()) - before; got < 1e6 {
		t.Errorf("%d bytes", got)
	}
}

func TestFigures(t *testing.T) {
	run := func(wall, cpu time.Duration) *usage {
		return &usage{Wall: wall * time.Millisecond, CPU: cpu * time.Millisecond}
	}
	base := &result{runs: []*usage{run(100, 100), run(200, 100), run(100, 100)}}
	r := &result{runs: []*usage{run(300, 100), run(400, 300), run(500, 200)}}
	for _, test := range []struct{ got, want string }{
		{spread(r.each(wall), 2), "0.40 (0.30–0.50)"},
		{r.ratio(base, wall), "3.00"},
		{r.ratio(base, cpu), "2.00"},
		{r.ratio(nil, cpu), ""},
		{r.ratio(r, cpu), ""},
		{spread([]float64{1, 2, 3, 4}, 1), "2.5 (1.0–4.0)"},
		{extras(score.Ecosystem{}), "0"},
		{extras(score.Ecosystem{Extra: []string{"a", "b"}, Beside: 1}), "**2** (1)"},
		{found(3, 3), "3"},
		{found(2, 3), "**2**"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestNames(t *testing.T) {
	dir, _ := build(t)
	o := &options{dir: filepath.Dir(dir)}
	if names, err := o.names(); err != nil || len(names) != 1 || names[0] != "small" {
		t.Errorf("all: %q, %v", names, err)
	}
	o.images = []string{"small", "other"}
	if _, err := o.names(); err == nil {
		t.Error("no error for an image that is not there")
	}
	o.dir = t.TempDir()
	if _, err := o.names(); err == nil || !strings.Contains(err.Error(), "go run ./images") {
		t.Errorf("none: %v", err)
	}
}
