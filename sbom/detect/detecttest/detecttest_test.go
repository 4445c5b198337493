package detecttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// lines is a conforming detector of "name version" lines.
type lines struct{}

func (lines) ID() detect.ID              { return detect.ID{Name: "lines", Version: "1"} }
func (lines) Wants(e *detect.Entry) bool { return e.Path == "etc/lines" }

func (lines) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	data, err := f.Bytes(1 << 10)
	if err != nil {
		return nil, err
	}
	frag := new(detect.Fragment)
	seen := make(map[string]bool)
	for line := range strings.Lines(string(data)) {
		name, version, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !ok || name == "" || seen[name] {
			return frag, fmt.Errorf("%w: line %q", detect.ErrFormat, line)
		}
		seen[name] = true
		frag.Components = append(frag.Components, detect.Component{Key: name, Component: sbom.Component{
			Type: sbom.TypeLibrary, Name: name, Version: version,
			PURL:     sbom.NewPURL("generic", "", name, version, nil),
			Evidence: []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1}},
		}})
	}
	return frag, nil
}

func TestRun(t *testing.T) {
	Run(t, lines{}, File{Path: "etc/lines", Data: []byte("zlib 1.3\nxz 5.4\n")}, File{Path: "etc/lines"},
		File{Path: "etc/lines", Data: bytes.Repeat([]byte("a"), 4<<10)})
}

func ExampleCheck() {
	err := Check(lines{}, File{Path: "etc/lines", Data: []byte("zlib 1.3\nzlib 1.3\n")})
	fmt.Println(err) // The detector's own error, of a duplicate line, is within the rules.
	// Output: <nil>
}

// broken is lines with one rule broken by the detect function.
type broken struct {
	lines
	detect func(f *detect.File) (*detect.Fragment, error)
}

func (b broken) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	return b.detect(f)
}

func component(edit func(c *detect.Component)) *detect.Fragment {
	frag, _ := lines{}.Detect(context.Background(), &detect.File{
		Entry: detect.Entry{Path: "etc/lines", Size: 9}, ReaderAt: strings.NewReader("zlib 1.3\n")})
	edit(&frag.Components[0])
	return frag
}

func edited(edit func(c *detect.Component)) func(*detect.File) (*detect.Fragment, error) {
	return func(*detect.File) (*detect.Fragment, error) { return component(edit), nil }
}

func TestCheckFinds(t *testing.T) {
	bare := func(*detect.File) (*detect.Fragment, error) {
		return component(func(c *detect.Component) { c.Properties = nil }), errors.New("bare")
	}
	tests := map[string]struct {
		detect func(*detect.File) (*detect.Fragment, error)
		want   string
	}{
		"panic":           {func(*detect.File) (*detect.Fragment, error) { panic("boom") }, "panicked: boom"},
		"bare error":      {bare, "is none of ErrFormat"},
		"no key":          {edited(func(c *detect.Component) { c.Key = "" }), "all needed"},
		"no evidence":     {edited(func(c *detect.Component) { c.Evidence = nil }), "has no evidence"},
		"confidence":      {edited(func(c *detect.Component) { c.Evidence[0].Confidence = 2 }), "not in (0, 1]"},
		"location":        {edited(func(c *detect.Component) { c.Evidence[0].Location.Path = "etc/other" }), `not in "etc/lines"`},
		"purl":            {edited(func(c *detect.Component) { c.PURL = "zlib" }), `purl "zlib"`},
		"purl not canon":  {edited(func(c *detect.Component) { c.PURL = "pkg:GENERIC/zlib@1.3" }), "not canonical"},
		"purl no version": {edited(func(c *detect.Component) { c.PURL = "pkg:generic/zlib" }), "lacks the version"},
		"hash":            {edited(func(c *detect.Component) { c.Hashes = []sbom.Digest{"md5:1"} }), "is no digest"},
		"fold's field":    {edited(func(c *detect.Component) { c.ID = "c-1" }), "the fold's to fill in"},
		"too much": {func(*detect.File) (*detect.Fragment, error) {
			return component(func(c *detect.Component) { c.Description = strings.Repeat("x", 2<<20) }), nil
		}, "became a fragment of"},
		"duplicate": {func(*detect.File) (*detect.Fragment, error) {
			frag := component(func(*detect.Component) {})
			frag.Components = append(frag.Components, frag.Components[0])
			return frag, nil
		}, "two components with key"},
		"claim path": {func(*detect.File) (*detect.Fragment, error) {
			return &detect.Fragment{Claims: []detect.Claim{{Key: "a", Path: "/bin/ls"}}}, nil
		}, "clean relative path"},
		"claim tree": {func(*detect.File) (*detect.Fragment, error) {
			return &detect.Fragment{Claims: []detect.Claim{{Key: "a", Path: "bin", Tree: true}}}, nil
		}, "has ground"},
		"claim of what yields": {func(*detect.File) (*detect.Fragment, error) {
			return &detect.Fragment{Yields: true, Claims: []detect.Claim{{Key: "a", Path: "etc/other", Ground: sbom.ClaimContent}}}, nil
		}, "its own file's content"},
		"kin": {func(*detect.File) (*detect.Fragment, error) {
			return &detect.Fragment{Kin: &detect.Kin{Project: "p"}}, nil
		}, "does not yield"},
		"kin of nothing": {func(*detect.File) (*detect.Fragment, error) {
			return &detect.Fragment{Yields: true, Kin: &detect.Kin{}}, nil
		}, "of no project"},
		"claim digest": {func(*detect.File) (*detect.Fragment, error) {
			return &detect.Fragment{Claims: []detect.Claim{{Key: "a", Path: "bin", Digest: "md5:zz"}}}, nil
		}, "is no digest"},
		"diversion": {func(*detect.File) (*detect.Fragment, error) {
			return &detect.Fragment{Diversions: []detect.Diversion{{From: "a", To: "/b"}}}, nil
		}, "not clean and relative"},
		"annotation": {func(*detect.File) (*detect.Fragment, error) {
			return &detect.Fragment{Annotations: []detect.Annotation{{}}}, nil
		}, "without a key"},
		"annotation's hash": {func(*detect.File) (*detect.Fragment, error) {
			return &detect.Fragment{Annotations: []detect.Annotation{{Key: "k", Hashes: []sbom.Digest{"md5:zz"}}}}, nil
		}, "is no digest"},
		"annotation's reference": {func(*detect.File) (*detect.Fragment, error) {
			return &detect.Fragment{Annotations: []detect.Annotation{{Key: "k", References: []sbom.Reference{{Type: "vcs"}}}}}, nil
		}, "needs a type and an address"},
		"hash of a reference": {edited(func(c *detect.Component) {
			c.References = []sbom.Reference{{Type: "vcs", URL: "https://example.com", Hashes: []sbom.Digest{"sha256:1"}}}
		}), "is no digest"},
		"relation": {func(*detect.File) (*detect.Fragment, error) {
			return &detect.Fragment{Relations: []detect.Relation{{From: "a"}}}, nil
		}, "incomplete relation"},
		"gap": {func(*detect.File) (*detect.Fragment, error) {
			return &detect.Fragment{Gaps: []sbom.Gap{{Kind: sbom.GapLimit}}}, nil
		}, "kind and message"},
		"bad UTF-8": {edited(func(c *detect.Component) { c.Description = "\xff" }), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := Check(broken{detect: tt.detect}, File{Path: "etc/lines", Data: []byte("zlib 1.3\n")})
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// TestDamaged pins that damaged copies differ from the original and are the
// same in each run.
func TestDamaged(t *testing.T) {
	f := File{Path: "etc/lines", Data: []byte("zlib 1.3\nxz 5.4\n")}
	var runs [2][]string
	for i := range runs {
		for what, data := range damaged(f, 16) {
			runs[i] = append(runs[i], fmt.Sprintf("%s %x", what, data))
		}
	}
	if len(runs[0]) != 2*16+2 {
		t.Errorf("%d copies, want 34", len(runs[0]))
	}
	if strings.Join(runs[0], "\n") != strings.Join(runs[1], "\n") {
		t.Error("copies differ from run to run")
	}
	if string(f.Data) != "zlib 1.3\nxz 5.4\n" {
		t.Error("the original was changed")
	}
}

func TestDetect(t *testing.T) {
	frag := Detect(t, lines{}, "etc/lines", []byte("zlib 1.3\n"))
	if len(frag.Components) != 1 || frag.Components[0].PURL != "pkg:generic/zlib@1.3" {
		t.Errorf("got %+v", frag)
	}
	if _, err := DetectFile(t, lines{}, File{Path: "etc/lines", Data: []byte("x")}); !errors.Is(err, detect.ErrFormat) {
		t.Errorf("got %v, want ErrFormat", err)
	}
}
