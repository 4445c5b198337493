package scalibr

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/osv-scalibr/extractor"
	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/extractor/filesystem/list"
	scalibrfs "github.com/google/osv-scalibr/fs"
	"github.com/google/osv-scalibr/inventory"
	"github.com/google/osv-scalibr/inventory/location"
	"github.com/google/osv-scalibr/log"
	"github.com/google/osv-scalibr/plugin"
	"github.com/google/osv-scalibr/purl"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// TestMain silences osv-scalibr: it logs what it makes of hostile files.
func TestMain(m *testing.M) {
	log.SetLogger(quiet{})
	os.Exit(m.Run())
}

type quiet struct{}

func (quiet) Errorf(string, ...any) {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Infof(string, ...any)  {}
func (quiet) Debugf(string, ...any) {}
func (quiet) Error(...any)          {}
func (quiet) Warn(...any)           {}
func (quiet) Info(...any)           {}
func (quiet) Debug(...any)          {}

// fake is an extractor of a name that wants every file ending in ".fake".
type fake struct {
	name    string
	needs   plugin.Capabilities
	max     int64
	extract func(in *filesystem.ScanInput) (inventory.Inventory, error)
}

func (f fake) Name() string                       { return f.name }
func (f fake) Version() int                       { return 3 }
func (f fake) Requirements() *plugin.Capabilities { return &f.needs }
func (f fake) FileRequired(api filesystem.FileAPI) bool {
	st, err := api.Stat()
	return err == nil && strings.HasSuffix(api.Path(), ".fake") && (f.max == 0 || st.Size() <= f.max)
}

func (f fake) Extract(_ context.Context, in *filesystem.ScanInput) (inventory.Inventory, error) {
	return f.extract(in)
}

// packages is the extract function that returns these.
func packages(ps ...*extractor.Package) func(*filesystem.ScanInput) (inventory.Inventory, error) {
	return func(*filesystem.ScanInput) (inventory.Inventory, error) {
		return inventory.Inventory{Packages: ps}, nil
	}
}

func newDetector(t testing.TB, f fake) detect.Detector {
	t.Helper()
	d, err := New(f)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var file = detecttest.File{Path: "opt/a.fake", Data: []byte("content")}

func TestComponent(t *testing.T) {
	related := func(p string) extractor.PackageLocation {
		return extractor.PackageLocation{Related: []location.Location{location.FromPath(p)}}
	}
	tests := map[string]struct {
		in   extractor.Package
		want sbom.Component // What is tested of it.
		gap  string
	}{
		"plain": {in: extractor.Package{Name: "zlib", Version: "1.3", PURLType: "conan"},
			want: sbom.Component{PURL: "pkg:conan/zlib@1.3", Name: "zlib", Version: "1.3"}},
		"npm scope is the group": {in: extractor.Package{Name: "@babel/core", Version: "7.0.0", PURLType: "npm"},
			want: sbom.Component{PURL: "pkg:npm/%40babel/core@7.0.0", Group: "@babel", Name: "core", Version: "7.0.0"}},
		"no package URL": {in: extractor.Package{Name: "thing", Version: "2"},
			want: sbom.Component{Name: "thing", Version: "2"}},
		"normalised": {in: extractor.Package{Name: "Zope_Interface", Version: "5", PURLType: "pypi"},
			want: sbom.Component{PURL: "pkg:pypi/zope-interface@5", Name: "Zope_Interface", Version: "5"}},
		"namespace in the name": {in: extractor.Package{Name: "github.com/apple/swift-nio", Version: "2.0.0", PURLType: "swift"},
			want: sbom.Component{PURL: "pkg:swift/github.com/apple/swift-nio@2.0.0", Name: "github.com/apple/swift-nio", Version: "2.0.0"}},
		"package URL that its type does not allow": {in: extractor.Package{Name: "a", Version: "1", PURLType: "julia"},
			gap: `"a" has no package URL: a julia purl must have a uuid qualifier`, want: sbom.Component{Name: "a", Version: "1"}},
		"source code": {in: extractor.Package{Name: "a", Version: "1", SourceCode: &extractor.SourceCodeIdentifier{Repo: "https://example.com/a", Commit: "c0ffee"}},
			want: sbom.Component{Name: "a", Version: "1", References: []sbom.Reference{{Type: "vcs", URL: "https://example.com/a", Comment: "c0ffee"}}}},
		"licence": {in: extractor.Package{Name: "a", Version: "1", Licenses: []string{"MIT"}},
			want: sbom.Component{Name: "a", Version: "1", Licenses: []sbom.License{{Expression: "MIT", Location: file.Path}}}},
		"in an archive": {in: extractor.Package{Name: "a", Version: "1", Location: related("opt/a.fake/lib/b.json")},
			want: sbom.Component{Name: "a", Version: "1", Evidence: []sbom.Evidence{{Location: sbom.Location{Path: "opt/a.fake!/lib/b.json"}}}}},
		"elsewhere": {in: extractor.Package{Name: "a", Version: "1", Location: related("etc/passwd")},
			want: sbom.Component{Name: "a", Version: "1"}},
		"no name":    {in: extractor.Package{Version: "1"}, gap: "a package without a name"},
		"no version": {in: extractor.Package{Name: "a"}, gap: `"a" has no version`},
		"only a commit": {in: extractor.Package{Name: "a", SourceCode: &extractor.SourceCodeIdentifier{Repo: "r", Commit: "c0ffee"}},
			gap: `"a" has no version, but a commit of "r": "c0ffee"`},
		"range":             {in: extractor.Package{Name: "a", Version: ">= 1.0"}, gap: `"a" has no version, but a range of them: ">= 1.0"`},
		"caret":             {in: extractor.Package{Name: "a", Version: "^1"}, gap: `"a" has no version, but a range of them: "^1"`},
		"built from a tree": {in: extractor.Package{Name: "a", Version: "(devel)"}, gap: `"a" has no version, but a range of them: "(devel)"`},
		"latest":            {in: extractor.Package{Name: "a", Version: "latest"}, gap: `"a" has no version, but a range of them: "latest"`},
		"too long":          {in: extractor.Package{Name: "a", Version: strings.Repeat("1", 300)}, gap: `the name or the version of "a" is too long`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			frag, err := detecttest.DetectFile(t, newDetector(t, fake{name: "x/y", extract: packages(&tt.in)}), file)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(gaps(frag), "; "); got != tt.gap {
				t.Errorf("got the gap %q, want %q", got, tt.gap)
			}
			if tt.want.Name == "" {
				if len(frag.Components) != 0 {
					t.Errorf("got %+v, want none", frag.Components)
				}
				return
			}
			got := frag.Components[0].Component
			at := ""
			if tt.want.Evidence != nil {
				at = tt.want.Evidence[0].Location.Path
			}
			if got.Location().Path != at {
				t.Errorf("evidence at %q, want %q", got.Location().Path, at)
			}
			got.Evidence, tt.want.Evidence = nil, nil
			tt.want.Type, tt.want.Scope = sbom.TypeLibrary, sbom.ScopeDeclared
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOrder gives the packages in all orders: extractors iterate over maps.
func TestOrder(t *testing.T) {
	a, b, c := &extractor.Package{Name: "a", Version: "1"}, &extractor.Package{Name: "a", Version: "2"}, &extractor.Package{Name: "b", PURLType: "npm", Version: "1"}
	var first *detect.Fragment
	for _, ps := range [][]*extractor.Package{{a, b, c}, {c, b, a}, {b, nil, a, c}} {
		frag := detecttest.Detect(t, newDetector(t, fake{name: "x", extract: packages(ps...)}), file.Path, file.Data)
		if first == nil {
			first = frag
		}
		if diff := cmp.Diff(first, frag); diff != "" {
			t.Error(diff)
		}
	}
}

// TestErrors is about extractors that fail.
func TestErrors(t *testing.T) {
	tests := map[string]struct {
		max     int64
		extract func(in *filesystem.ScanInput) (inventory.Inventory, error)
		want    error
	}{
		"panic": {extract: func(*filesystem.ScanInput) (inventory.Inventory, error) { panic("boom") }, want: detect.ErrFormat},
		"an error of its own": {extract: func(*filesystem.ScanInput) (inventory.Inventory, error) {
			return inventory.Inventory{}, errors.New("no such thing")
		}, want: detect.ErrFormat},
		"another file": {extract: func(in *filesystem.ScanInput) (inventory.Inventory, error) {
			_, err := in.FS.Open("opt/b.fake")
			return inventory.Inventory{}, err
		}, want: detect.ErrUnsupported},
		"the machine's file system": {extract: func(in *filesystem.ScanInput) (inventory.Inventory, error) {
			p, err := scalibrfs.GetRealPath(&scalibrfs.ScanRoot{FS: in.FS, Path: in.Root}, in.Path, in.Reader)
			if err != nil {
				return inventory.Inventory{}, err
			}
			_, err = os.Open(p)
			return inventory.Inventory{}, err
		}, want: detect.ErrUnsupported},
		"reads without end": {extract: func(in *filesystem.ScanInput) (inventory.Inventory, error) {
			for {
				if _, err := in.Reader.(io.Seeker).Seek(0, io.SeekStart); err != nil {
					return inventory.Inventory{}, err
				}
				if _, err := io.ReadAll(in.Reader); err != nil {
					return inventory.Inventory{}, nil // It hides it.
				}
			}
		}, want: detect.ErrLimit},
		"its own limit": {max: 3, extract: packages(), want: detect.ErrLimit},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := detecttest.DetectFile(t, newDetector(t, fake{name: "x", max: tt.max, extract: tt.extract}), file)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	t.Run("too large", func(t *testing.T) {
		f := &detect.File{Entry: detect.Entry{Path: file.Path, Size: MaxFileSize + 1}}
		if _, err := newDetector(t, fake{name: "x"}).Detect(t.Context(), f); !errors.Is(err, detect.ErrLimit) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("panic in FileRequired", func(t *testing.T) {
		d := newDetector(t, fake{name: "x", extract: packages(&extractor.Package{Name: "a", Version: "1"})})
		d.(*detector).ex = panics{d.(*detector).ex}
		if frag := detecttest.Detect(t, d, file.Path, file.Data); len(frag.Components) != 1 {
			t.Errorf("got %+v", frag)
		}
	})
}

type panics struct{ filesystem.Extractor }

func (panics) FileRequired(filesystem.FileAPI) bool { panic("boom") }

func gaps(frag *detect.Fragment) []string {
	var out []string
	for _, g := range frag.Gaps {
		out = append(out, g.Message)
	}
	return out
}

// TestGaps is about what is found and has no place, and what is asked for and missed.
func TestGaps(t *testing.T) {
	frag := detecttest.Detect(t, newDetector(t, fake{name: "x", extract: func(in *filesystem.ScanInput) (inventory.Inventory, error) {
		_, _ = in.FS.Stat("etc")
		_, _ = in.FS.Open("opt/go.sum")
		_, _ = fs.ReadDir(in.FS, "opt")
		return inventory.Inventory{Secrets: make([]*inventory.Secret, 2)}, nil
	}}), file.Path, file.Data)
	want := []string{
		"the extractor found 2 secrets, which are not looked at",
		`the extractor asked for "opt" too, and gets one file alone: something may be missing`,
		`the extractor asked for "opt/go.sum" too, and gets one file alone: something may be missing`,
	}
	if diff := cmp.Diff(want, gaps(frag)); diff != "" {
		t.Error(diff)
	}
}

func TestOneFile(t *testing.T) {
	var got []byte
	detecttest.Detect(t, newDetector(t, fake{name: "x", extract: func(in *filesystem.ScanInput) (inventory.Inventory, error) {
		f, err := in.FS.Open("/opt/./a.fake")
		if err != nil {
			t.Error(err)
			return inventory.Inventory{}, err
		}
		got, _ = io.ReadAll(f)
		if _, ok := f.(io.ReaderAt); !ok {
			t.Error("no io.ReaderAt")
		}
		if st, err := in.FS.Stat("opt"); err != nil || !st.IsDir() {
			t.Errorf("Stat of the directory: %v, %v", st, err)
		}
		for _, dir := range []string{".", "opt"} {
			if es, err := in.FS.ReadDir(dir); err != nil || len(es) != 1 {
				t.Errorf("ReadDir(%q): %v, %v", dir, es, err)
			}
		}
		if in.Info.Size() != 7 || in.Info.Name() != "a.fake" || in.Path != "opt/a.fake" {
			t.Errorf("got %+v", in)
		}
		return inventory.Inventory{}, nil
	}}), file.Path, file.Data)
	if string(got) != "content" {
		t.Errorf("read %q", got)
	}
}

func TestID(t *testing.T) {
	ex := fake{name: "os/snap"}
	a, b := newDetector(t, ex).ID(), newDetector(t, ex).ID()
	if want := (detect.ID{Name: "scalibr/os/snap", Version: "1-0.5.3-3"}); a != want || b != want {
		t.Errorf("got %v and %v, want %v", a, b, want)
	}
	m, _ := MeaningOf("os/snap")
	m.Confidence = 0.2
	d, err := NewAs(ex, m)
	if err != nil || d.ID().Version == a.Version {
		t.Errorf("another meaning has the version %v, %v", d.ID(), err)
	}
	if _, err := NewAs(ex, Meaning{}); err == nil {
		t.Error("a meaning without confidence is taken")
	}
}

func TestNewAs(t *testing.T) {
	d, err := NewAs(fake{name: "mine", extract: packages(&extractor.Package{Name: "a", Version: "1"})},
		Meaning{Scope: sbom.ScopeInstalled, Technique: sbom.TechniqueFilename, Confidence: 0.3})
	if err != nil {
		t.Fatal(err)
	}
	c := detecttest.Detect(t, d, file.Path, file.Data).Components[0]
	if c.Scope != sbom.ScopeInstalled || c.Type != sbom.TypeLibrary || c.Evidence[0].Technique != sbom.TechniqueFilename || c.Evidence[0].Confidence != 0.3 {
		t.Errorf("got %+v", c)
	}
}

func TestUnfit(t *testing.T) {
	for name, ex := range map[string]fake{
		"network":  {name: "x", needs: plugin.Capabilities{Network: plugin.NetworkOnline}},
		"direct":   {name: "x", needs: plugin.Capabilities{DirectFS: true}},
		"running":  {name: "x", needs: plugin.Capabilities{RunningSystem: true}},
		"unsafe":   {name: "x", needs: plugin.Capabilities{AllowUnsafePlugins: true}},
		"dirs":     {name: "x", needs: plugin.Capabilities{ExtractFromDirs: true}},
		"embedded": {name: "embeddedfs/vmdk"},
	} {
		if _, err := New(ex); !errors.Is(err, ErrUnfit) {
			t.Errorf("%s: got %v, want ErrUnfit", name, err)
		}
	}
}

// TestEveryExtractor holds the table to osv-scalibr's own list: each extractor is
// refused for a reason or has a meaning.
func TestEveryExtractor(t *testing.T) {
	var refused []string
	for name := range list.All {
		d, ex := fromList(t, name)
		_, known := MeaningOf(ex.Name())
		switch {
		case d == nil && !strings.HasPrefix(name, "secrets/") && !strings.HasPrefix(name, "sensitiveinformation/"):
			refused = append(refused, ex.Name())
		case d != nil && !known:
			t.Errorf("%s has no meaning", ex.Name())
		}
	}
	slices.Sort(refused)
	want := []string{"bazel/aspect", "chrome/extensions", "containers/dockercomposeimage", "containers/podman", "dotnet/pe",
		"embeddedfs/archive", "embeddedfs/ova", "embeddedfs/qcow2", "embeddedfs/vdi", "embeddedfs/vmdk",
		"ffa/unknownbinariesextr", "javascript/denotssource", "misc/gitrepo", "os/bazelmaven", "os/macapps", "os/rpm", "os/winget"}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Error(diff)
	}
}

// fromList returns an extractor of osv-scalibr's list and its detector, nil when it
// is refused.
func fromList(t testing.TB, name string) (detect.Detector, filesystem.Extractor) {
	t.Helper()
	exs, err := list.ExtractorsFromName(name, nil)
	if err != nil || len(exs) != 1 {
		t.Fatalf("%s: %d extractors, %v", name, len(exs), err)
	}
	d, err := New(exs[0])
	if err != nil && !errors.Is(err, ErrUnfit) {
		t.Fatal(err)
	}
	return d, exs[0]
}

func TestInstalledAt(t *testing.T) {
	for _, tt := range []struct {
		name, path, hash string
		want             bool
	}{
		{"os/spack", "opt/zlib-1.3-abc/.spack/spec.json", "abc", true},
		{"os/spack", "opt/zlib-1.3-abc/.spack/spec.json", "def", false},
		{"os/spack", "opt/zlib-1.3-abc/.spack/spec.json", "", false},
		{"javascript/packagejson", "srv/node_modules/a/package.json", "", true},
		{"javascript/packagejson", "srv/package.json", "", false},
		{"ruby/gemspec", "var/lib/gems/3.1.0/specifications/rake.gemspec", "", true},
		{"ruby/gemspec", "src/rake.gemspec", "", false},
		{"os/snap", "snap/a/1/meta/snap.yaml", "", true},
	} {
		if got := installedAt(tt.name, tt.path, tt.hash); got != tt.want {
			t.Errorf("installedAt(%q, %q, %q) = %v", tt.name, tt.path, tt.hash, got)
		}
	}
}

// TestForeign is about files that a package brings for its own development.
func TestForeign(t *testing.T) {
	in := detect.Entry{Path: "srv/node_modules/a/x.fake", Size: 1}
	for name, want := range map[string]bool{"cpp/conanlock": false, "sbom/spdx": true, "os/snap": true, "someone/elses": true} {
		if got := newDetector(t, fake{name: name}).Wants(&in); got != want {
			t.Errorf("%s: wants %s: %v", name, in.Path, got)
		}
	}
}

// TestNesting is about TOML that is as deep as the limits, and that would overflow the
// stack.
func TestNesting(t *testing.T) {
	d, _ := fromList(t, "runtime/mise")
	for name, tt := range map[string]struct {
		data string
		want error
	}{
		"deep":        {"a = " + strings.Repeat("[", maxOpenings), detect.ErrFormat},
		"too deep":    {"a = " + strings.Repeat("[", 8_000_000), detect.ErrLimit},
		"long key":    {"a" + strings.Repeat(".a", maxDots) + " = 1", nil},
		"a long key":  {"a" + strings.Repeat(".a", 5_000_000) + " = 1", detect.ErrLimit},
		"inline deep": {"a = " + strings.Repeat("{a=", maxOpenings+1), detect.ErrLimit},
	} {
		if _, err := detecttest.DetectFile(t, d, detecttest.File{Path: "mise.toml", Data: []byte(tt.data)}); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
}

func TestCanonical(t *testing.T) {
	u := &purl.PackageURL{Type: "npm", Name: "a", Version: "1", Subpath: "lib",
		Qualifiers: purl.QualifiersFromMap(map[string]string{"source": "UNKNOWN", "os": "", "arch": "amd64"})}
	if got, err := canonical(u); got != "pkg:npm/a@1?arch=amd64#lib" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestUnsafeFile is about documents whose reader's panics could not be caught.
func TestUnsafeFile(t *testing.T) {
	d, _ := fromList(t, "sbom/spdx")
	for _, name := range []string{"a.spdx.rdf", "a.spdx.XML"} {
		if _, err := detecttest.DetectFile(t, d, detecttest.File{Path: name, Data: []byte("<rdf:RDF/>")}); !errors.Is(err, detect.ErrUnsupported) {
			t.Errorf("%s: got %v, want ErrUnsupported", name, err)
		}
	}
}
