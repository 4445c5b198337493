package rbom_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/rbom"
	"github.com/imagetrust/imagetrust/sbom"
)

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// inventory has a Debian library, a Go program with a module inside, an npm
// package and a Python package.
func inventory() *sbom.Inventory {
	component := func(id, path string) sbom.Component {
		return sbom.Component{ID: id, Name: id, Attribution: sbom.Attribution{Visible: true},
			Evidence: []sbom.Evidence{{Field: "purl", Location: sbom.Location{Path: path}}}}
	}
	return &sbom.Inventory{
		Subject: sbom.Subject{Digest: "sha256:aa"},
		Components: []sbom.Component{
			component("zlib1g", "var/lib/dpkg/status"),
			component("app", "app/server"),
			component("module", "app/server"),
			component("lodash", "app/node_modules/lodash/package.json"),
			component("tool", "opt/tool.jar"),
			component("inner", "opt/tool.jar!/lib/inner.jar"),
			component("idle", "var/lib/dpkg/status"),
		},
		Files: []sbom.File{
			{Path: "usr/lib/libz.so.1", Kind: sbom.KindELF, Owner: "zlib1g", Claim: sbom.ClaimRecorded, Digests: []sbom.Digest{"sha256:01"}},
			{Path: "app/server", Kind: sbom.KindELF, Owner: "app", Claim: sbom.ClaimContent, Digests: []sbom.Digest{"sha256:02"}},
			{Path: "usr/bin/copied", Kind: sbom.KindELF, Digests: []sbom.Digest{"sha256:03"}},
		},
	}
}

func observe(kind rbom.Kind, path string, digest sbom.Digest) rbom.Observation {
	return rbom.Observation{Kind: kind, Path: path, Digest: digest, First: t0, Last: t0.Add(time.Second), Count: 1,
		Process: rbom.Process{PID: 1, Exe: "app/server"}}
}

func join(t *testing.T, obs ...rbom.Observation) *rbom.RBOM {
	t.Helper()
	r, err := rbom.Join(&rbom.Recording{Observations: obs}, inventory())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestJoinLevels(t *testing.T) {
	for _, tc := range []struct {
		name string
		obs  rbom.Observation
		want map[string]rbom.Level
	}{
		{"a program and what is inside it", observe(rbom.KindExec, "app/server", "sha256:02"),
			map[string]rbom.Level{"app": rbom.Executed, "module": rbom.Loaded}},
		{"a mapped library", observe(rbom.KindMap, "usr/lib/libz.so.1", "sha256:01"), map[string]rbom.Level{"zlib1g": rbom.Loaded}},
		{"a file in a package's directory", observe(rbom.KindOpen, "app/node_modules/lodash/fp/add.js", ""), map[string]rbom.Level{"lodash": rbom.Opened}},
		{"an archive and the archive inside it", observe(rbom.KindOpen, "opt/tool.jar", ""),
			map[string]rbom.Level{"tool": rbom.Opened, "inner": rbom.Opened}},
		{"a file of nobody", observe(rbom.KindOpen, "etc/motd", ""), map[string]rbom.Level{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := join(t, tc.obs)
			for _, c := range inventory().Components {
				if got := r.Level(c.ID); got != tc.want[c.ID] {
					t.Errorf("%s is %v, want %v", c.ID, got, tc.want[c.ID])
				}
			}
		})
	}
}

func TestJoinDrift(t *testing.T) {
	gone := observe(rbom.KindExec, "app/server", "sha256:02")
	gone.Deleted = true
	for _, tc := range []struct {
		name string
		obs  rbom.Observation
		want []rbom.Drift
	}{
		{"as in the image", observe(rbom.KindMap, "usr/lib/libz.so.1", "sha256:01"), nil},
		{"no digest was taken", observe(rbom.KindMap, "usr/lib/libz.so.1", ""), nil},
		{"other algorithm", observe(rbom.KindMap, "usr/lib/libz.so.1", "sha512:01"), nil},
		{"modified", observe(rbom.KindMap, "usr/lib/libz.so.1", "sha256:ff"),
			[]rbom.Drift{{Path: "usr/lib/libz.so.1", Kind: "modified", Want: "sha256:01", Got: "sha256:ff"}}},
		{"added", observe(rbom.KindExec, "tmp/x", "sha256:ee"), []rbom.Drift{{Path: "tmp/x", Kind: "added", Got: "sha256:ee"}}},
		{"deleted while it ran", gone, []rbom.Drift{{Path: "app/server", Kind: "deleted", Want: "sha256:02", Got: "sha256:02"}}},
		{"only open", observe(rbom.KindOpen, "tmp/x", ""), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := join(t, tc.obs).Drift; !slices.Equal(got, tc.want) {
				t.Errorf("drift %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestJoinUnchecked(t *testing.T) {
	r := join(t, observe(rbom.KindMap, "usr/lib/libz.so.1", ""), observe(rbom.KindExec, "app/server", "sha512:01"),
		observe(rbom.KindExec, "usr/bin/copied", "sha256:03"), observe(rbom.KindOpen, "usr/bin/copied", ""))
	if want := []string{"app/server", "usr/lib/libz.so.1"}; !slices.Equal(r.Unchecked, want) {
		t.Errorf("unchecked %v, want %v", r.Unchecked, want)
	}
}

func TestJoinUnknown(t *testing.T) {
	r := join(t, observe(rbom.KindExec, "usr/bin/copied", "sha256:03"), observe(rbom.KindExec, "tmp/x", "sha256:ee"))
	want := []rbom.UnknownFile{{Path: "tmp/x", Digest: "sha256:ee"}, {Path: "usr/bin/copied", Digest: "sha256:03", InImage: true}}
	if !slices.Equal(r.Unknown, want) {
		t.Errorf("unknown %+v, want %+v", r.Unknown, want)
	}
}

func TestJoinEndpoints(t *testing.T) {
	o := rbom.Observation{Kind: rbom.KindConnect, Endpoint: &rbom.Endpoint{Network: "tcp", Address: "192.0.2.1:443"}, First: t0, Last: t0,
		Process: rbom.Process{Exe: "app/server"}}
	r := join(t, o)
	if len(r.Endpoints) != 1 || len(r.Usage) != 1 || r.Usage[0].Component != "app" || !slices.Equal(r.Usage[0].Endpoints, r.Endpoints) {
		t.Errorf("endpoints %+v, usage %+v", r.Endpoints, r.Usage)
	}
	stranger := o
	stranger.Process.Exe = "tmp/x"
	if r := join(t, stranger); len(r.Endpoints) != 1 || len(r.Usage) != 0 {
		t.Errorf("an endpoint of an unknown program: %+v, usage %+v", r.Endpoints, r.Usage)
	}
}

func TestJoinMergesTimes(t *testing.T) {
	early := observe(rbom.KindOpen, "usr/lib/libz.so.1", "")
	late := observe(rbom.KindMap, "usr/lib/libz.so.1", "sha256:01")
	late.First, late.Last = t0.Add(time.Hour), t0.Add(2*time.Hour)
	r := join(t, late, early)
	if u := r.Usage[0]; !u.First.Equal(t0) || !u.Last.Equal(late.Last) || u.Level != rbom.Loaded || len(u.Files) != 1 {
		t.Errorf("usage %+v", u)
	}
}

func TestJoinOtherSubject(t *testing.T) {
	_, err := rbom.Join(&rbom.Recording{Subject: sbom.Subject{Digest: "sha256:bb"}}, inventory())
	if !errors.Is(err, rbom.ErrSubject) {
		t.Errorf("error %v, want ErrSubject", err)
	}
}

func TestJoinSkipsRemoved(t *testing.T) {
	inv := inventory()
	inv.Components[3].Attribution.Visible = false
	r, err := rbom.Join(&rbom.Recording{Observations: []rbom.Observation{observe(rbom.KindOpen, "app/node_modules/lodash/a.js", "")}}, inv)
	if err != nil || len(r.Usage) != 0 {
		t.Errorf("usage %+v, %v: a removed component cannot be used", r.Usage, err)
	}
}

func TestLevelText(t *testing.T) {
	for l := rbom.NotObserved; l <= rbom.Executed; l++ {
		b, err := json.Marshal(l)
		var back rbom.Level
		if err != nil || json.Unmarshal(b, &back) != nil || back != l {
			t.Errorf("%v became %s and %v", l, b, back)
		}
	}
	if s := rbom.Level(99).String(); s != "not-observed" {
		t.Errorf("a level out of range is %q", s)
	}
}

func ExampleJoin() {
	rec := &rbom.Recording{Observations: []rbom.Observation{
		{Kind: rbom.KindExec, Path: "app/server"},
		{Kind: rbom.KindMap, Path: "usr/lib/libz.so.1", Digest: "sha256:ff"},
		{Kind: rbom.KindExec, Path: "usr/bin/copied"},
	}}
	r, err := rbom.Join(rec, inventory())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, u := range r.Usage {
		fmt.Println(u.Component, u.Level)
	}
	for _, d := range r.Drift {
		fmt.Println(d.Path, d.Kind)
	}
	for _, u := range r.Unknown {
		fmt.Println(u.Path, "belongs to nobody")
	}
	// Output:
	// zlib1g loaded
	// app executed
	// module loaded
	// usr/lib/libz.so.1 modified
	// usr/bin/copied belongs to nobody
}
