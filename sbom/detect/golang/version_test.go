package golang

import (
	"debug/buildinfo"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

func TestMainVersion(t *testing.T) {
	type settings = map[string]string
	vcs := settings{"vcs.revision": "0123456789abcdef0123456789abcdef01234567", "vcs.time": "2024-05-06T07:08:09Z"}
	with := func(more settings) settings {
		out := settings{}
		for _, m := range []settings{vcs, more} {
			for k, v := range m {
				out[k] = v
			}
		}
		return out
	}
	for _, tt := range []struct {
		name, module, stamped string
		settings              settings
		want                  string
	}{
		{"stamped", "example.com/a", "v1.2.3", settings{"-ldflags": "-X main.version=9.9.9"}, "v1.2.3"},
		{"stamped and modified", "example.com/a", "v1.2.3+dirty", nil, "v1.2.3+dirty"},
		{"stamped behind a tag", "example.com/a", "v1.2.4-0.20240506070809-0123456789ab", settings{"-ldflags": "-X main.version=9.9.9"}, "v1.2.4-0.20240506070809-0123456789ab"},
		{"stamped without a tag", "example.com/a", "v0.0.0-20240506070809-0123456789ab", nil, "v0.0.0-20240506070809-0123456789ab"},
		{"flag against no tag", "example.com/a", "v0.0.0-20240506070809-0123456789ab", settings{"-ldflags": "-X main.version=1.5.0"}, "v1.5.0"},
		{"flag", "example.com/a", "(devel)", settings{"-ldflags": "-s -w -X main.version=v1.5.0"}, "v1.5.0"},
		{"flag in own package", "example.com/a", "(devel)", settings{"-ldflags": "-X=example.com/a/internal/build.Version=1.5.0-rc.1"}, "v1.5.0-rc.1"},
		{"flag in another module", "example.com/a", "(devel)", settings{"-ldflags": "-X k8s.io/component-base/version.gitVersion=v1.28.0"}, ""},
		{"flag in a look-alike module", "example.com/a", "(devel)", settings{"-ldflags": "-X example.com/ab.Version=1.0.0"}, ""},
		{"flag not a version", "example.com/a", "(devel)", settings{"-ldflags": "-X main.version=main-branch -X main.commit=1.0"}, ""},
		{"flags ranked", "example.com/a", "(devel)", settings{"-ldflags": "-X main.tag=2.0.0 -X main.Version=1.5.0"}, "v1.5.0"},
		{"flags disagree", "example.com/a", "(devel)", settings{"-ldflags": "-X main.version=1.0.0 -X example.com/a/x.Version=2.0.0"}, ""},
		{"flags agree", "example.com/a", "(devel)", settings{"-ldflags": "-X main.version=1.0.0 -X example.com/a/x.Version=v1.0.0"}, "v1.0.0"},
		{"four numbers", "example.com/a", "(devel)", settings{"-ldflags": "-X main.version=1.2.3.4"}, "1.2.3.4"},
		{"revision", "example.com/a", "(devel)", vcs, "v0.0.0-20240506070809-0123456789ab"},
		{"revision of a major", "example.com/a/v3", "(devel)", vcs, "v3.0.0-20240506070809-0123456789ab"},
		{"revision and changes", "example.com/a", "", with(settings{"vcs.modified": "true"}), "v0.0.0-20240506070809-0123456789ab+dirty"},
		{"no revision", "example.com/a", "(devel)", settings{"vcs.time": "2024-05-06T07:08:09Z"}, ""},
		{"bad revision", "example.com/a", "(devel)", with(settings{"vcs.revision": "../../../../../../"}), ""},
		{"go command", "cmd", "", nil, "1.22.3"},
		{"nothing", "example.com/a", "(devel)", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bi := &buildinfo.BuildInfo{GoVersion: "go1.22.3", Main: debug.Module{Path: tt.module, Version: tt.stamped}}
			for k, v := range tt.settings {
				bi.Settings = append(bi.Settings, debug.BuildSetting{Key: k, Value: v})
			}
			if got := mainVersion(bi); got.version != tt.want || (got.version != "") != (got.confidence > 0) {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
		})
	}
}

// Programs seen in the wild.
func TestOwnPackages(t *testing.T) {
	flags := func(s string) []debug.BuildSetting { return []debug.BuildSetting{{Key: "-ldflags", Value: s}} }
	for _, tt := range []struct {
		name, main, version string
		bi                  buildinfo.BuildInfo
	}{
		{"without modules", "github.com/docker/cli/cmd/docker", "v28.2.2", buildinfo.BuildInfo{Path: "github.com/docker/cli/cmd/docker",
			Settings: flags(`-X "github.com/docker/cli/cli/version.Version=28.2.2" -extldflags -static`)}},
		{"without modules, of another repository", "github.com/docker/cli/cmd/docker", "", buildinfo.BuildInfo{Path: "github.com/docker/cli/cmd/docker",
			Settings: flags(`-X github.com/docker/buildx/version.Version=0.1.0`)}},
		{"from a list of files", "anthos", "v0.2.56", buildinfo.BuildInfo{Path: "command-line-arguments",
			Deps:     []*debug.Module{{Path: "golang.org/x/mod", Version: "v0.24.0"}, {Path: "anthos", Version: "(devel)"}},
			Settings: flags("-X anthos/version.anthosVersion=beta \t-X anthos/version.gitTag=0.2.56")}},
		{"in a module beside it", "k8s.io/kubernetes", "v1.33.1", buildinfo.BuildInfo{Path: "k8s.io/kubernetes/cmd/kubectl",
			Main:     debug.Module{Path: "k8s.io/kubernetes", Version: "(devel)"},
			Deps:     []*debug.Module{{Path: "k8s.io/component-base", Version: "v0.0.0", Replace: &debug.Module{Path: "./staging/x", Version: "(devel)"}}},
			Settings: flags("-X k8s.io/component-base/version.gitVersion=v1.33.1")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.bi.GoVersion = "go1.24.4"
			frag, err := fragment(&detect.File{Entry: detect.Entry{Path: "usr/bin/x"}}, &tt.bi)
			if err != nil {
				t.Fatal(err)
			}
			if c := frag.Components[0]; c.Name != tt.main || c.Version != tt.version || c.Key != "usr/bin/x" {
				t.Errorf("main module %s %q, want %s %q", c.Name, c.Version, tt.main, tt.version)
			}
			if want := len(withMain(&tt.bi).Deps) + 2; len(frag.Components) != want {
				t.Errorf("%d components, want %d", len(frag.Components), want)
			}
		})
	}
}

func TestRelease(t *testing.T) {
	for in, want := range map[string]string{
		"go1.22.3": "1.22.3", "go1.21": "1.21", "go1.20rc1": "1.20rc1", "go1.22.3 X:boringcrypto": "1.22.3",
		"go1.18.5b7": "1.18.5", "go1.22.3-vendor": "1.22.3", "go1.24.4 (Red Hat 1.24.4-1.el9)": "1.24.4",
		"devel go1.23-f3bf1e1 Mon Jan 1": "", "devel +f3bf1e1": "", "": "", "unknown": "", "1.22.3": "", "go1": "", "go1.22.3.4": "",
	} {
		if got := release(in); got != want {
			t.Errorf("release(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLinkerVars(t *testing.T) {
	for in, want := range map[string][]linkerVar{
		"":                               nil,
		"-s -w":                          nil,
		"-X main.a=1 -X=b.c=":            {{"main", "a", "1"}, {"b", "c", ""}},
		`-X 'main.a=1 2' -X "x.y/z.b=3"`: {{"main", "a", "1 2"}, {"x.y/z", "b", "3"}},
		"--X main.a=1 --X=main.b=2":      {{"main", "a", "1"}, {"main", "b", "2"}},
		"-X":                             nil,
		"-X noassignment":                nil,
		"-X 'main.a=1":                   {{"main", "a", "1"}},
		"-extldflags '-X main.no=1'":     nil,
		" X main.a=1":                    nil,
	} {
		if got := linkerVars(in); !slices.Equal(got, want) {
			t.Errorf("linkerVars(%q) = %v, want %v", in, got, want)
		}
	}
}

func FuzzLinkerVersion(f *testing.F) {
	f.Add("-s -w -X main.version=v1.5.0", "example.com/a")
	f.Add(`-X 'example.com/a/b.Version=1.2' -X=main.x="`, "example.com/a")
	f.Fuzz(func(t *testing.T, ldflags, module string) {
		if v, flag := linkerVersion(ldflags, []string{module}); v != "" && (flag == "" || !versionLike.MatchString(v)) {
			t.Errorf("linkerVersion(%q, %q) = %q, %q", ldflags, module, v, flag)
		}
	})
}
