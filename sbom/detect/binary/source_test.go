package binary

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/elftest"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// tools is the index that fileindex/build made of a package of its test.
func tools(t *testing.T) *fileindex.Index {
	t.Helper()
	b, err := os.ReadFile("fileindex/testdata/tool.idx")
	if err != nil {
		t.Fatal(err)
	}
	x, err := fileindex.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func withSources(t *testing.T, sources ...Source) *Detector {
	t.Helper()
	d, err := New(&Options{Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// answers is a source that knows one file.
type answers struct {
	kind    fileindex.Kind
	id      string
	records []fileindex.Record
	err     error
}

func (a answers) Version() string { return a.id }

func (a answers) Find(kind fileindex.Kind, id []byte) ([]fileindex.Record, error) {
	if kind != a.kind || string(id) != a.id {
		return nil, a.err
	}
	return a.records, a.err
}

// TestSource names a file by its build-id, whatever it is called and says.
func TestSource(t *testing.T) {
	d := withSources(t, answers{}, tools(t))
	file := elftest.File{BuildID: "00112233445566778899aabbccddeeff00112233", Text: lines("nothing")}
	if got, want := identify(t, d, "opt/app/server", file.Bytes()), []string{"is tool 2.4.1 build-id"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	file.BuildID = "ff112233445566778899aabbccddeeff00112233"
	if got := identify(t, d, "opt/app/server", file.Bytes()); got != nil {
		t.Errorf("another build: %q", got)
	}
	if got := identify(t, withSources(t), "opt/app/server", file.Bytes()); got != nil {
		t.Errorf("no source: %q", got)
	}
}

// TestSourceWins has a source decide over text, which stays as evidence of the same version.
func TestSourceWins(t *testing.T) {
	content := (&elftest.File{Text: lines("nginx version: nginx/1.22.1", inflate)}).Bytes()
	sum := sha256.Sum256(content)
	for version, evidence := range map[string]int{"1.22.1-9": 2, "1.24.0-1": 1} {
		known := answers{fileindex.SHA256, string(sum[:]), []fileindex.Record{{Name: "nginx", Version: version, PURL: "pkg:deb/debian/nginx@" + version}, {Name: "nginx", Version: "9"}}, nil}
		r, err := withSources(t, known).Identify(context.Background(), "opt/app/server", int64(len(content)), bytes.NewReader(content))
		if err != nil || len(r.Findings) != 2 {
			t.Fatalf("%+v, %v", r, err)
		}
		f := r.Main()
		if f.Version != version || f.Rule() != "file-digest" || f.Confidence() != 1 || len(f.Evidence) != evidence || f.PURL != "pkg:deb/debian/nginx@"+version ||
			!strings.HasSuffix(f.Evidence[0].Text, ", also in nginx 9") {
			t.Errorf("%+v", f)
		}
		if r.Findings[1].Name != "zlib" {
			t.Errorf("%+v", r.Findings)
		}
	}
}

// TestBuildIDAndText reports both what a build-id and what the text says, where these differ: anyone
// may write a build-id. What agrees becomes evidence.
func TestBuildIDAndText(t *testing.T) {
	const id = "00112233445566778899aabbccddeeff00112233"
	said := func(version string) fileindex.Record {
		return fileindex.Record{Name: "curl", Version: version, PURL: "pkg:deb/debian/curl@" + version + "-1"}
	}
	other := fileindex.Record{Name: "tool", Version: "2.0", PURL: "pkg:deb/debian/tool@2.0-1"}
	for what, tt := range map[string]struct {
		text    string
		records []fileindex.Record
		want    []string
		also    string // in the text of the build-id's evidence
	}{
		"the same":                     {"curl 7.88.1 (x86_64-pc-linux-gnu) %s", []fileindex.Record{said("7.88.1")}, []string{"is curl 7.88.1 build-id 0.97 table-self"}, id},
		"the same as the table has it": {"curl 7.88.1 (x86_64-pc-linux-gnu) %s", []fileindex.Record{{Name: "curl-source", Version: "7.88.1", PURL: "pkg:deb/debian/curl@7.88.1-1"}}, []string{"is curl 7.88.1 build-id 0.97 table-self"}, id},
		"nothing":                      {"nothing", []fileindex.Record{said("7.88.1")}, []string{"is curl 7.88.1 build-id 0.97"}, id},
		"another version":              {"curl 8.1.0 (x86_64-pc-linux-gnu) %s", []fileindex.Record{said("7.88.1")}, []string{"is curl 7.88.1 build-id 0.97", "is curl 8.1.0 table-self 0.97"}, ", but its text says curl 8.1.0"},
		"another program":              {"curl 8.1.0 (x86_64-pc-linux-gnu) %s", []fileindex.Record{other}, []string{"is curl 8.1.0 table-self 0.97", "is tool 2.0 build-id 0.97"}, ", but its text says curl 8.1.0"},
		"several, one is it":           {"curl 7.88.1 (x86_64-pc-linux-gnu) %s", []fileindex.Record{said("7.87.0"), said("7.88.1")}, []string{"is curl 7.88.1 build-id 0.97 table-self"}, ", also in curl 7.87.0"},
		"several, any may be":          {"nothing", []fileindex.Record{said("7.87.0"), said("7.88.1")}, []string{"is curl 7.87.0 build-id 0.85"}, ", also in curl 7.88.1"},
		"several of the same version":  {"nothing", []fileindex.Record{said("7.88.1"), said("7.88.1")}, []string{"is curl 7.88.1 build-id 0.97"}, ", also in curl 7.88.1"},
	} {
		raw, err := hex.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		content := (&elftest.File{BuildID: id, Text: lines(tt.text)}).Bytes()
		d := withSources(t, answers{fileindex.BuildID, string(raw), tt.records, nil})
		r, err := d.Identify(context.Background(), "opt/app/server", int64(len(content)), bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range r.Findings {
			line := fmt.Sprintf("%s %s %s %s %.2f", f.Relation, f.Name, f.Version, f.Rule(), f.Confidence())
			for _, e := range f.Evidence[1:] {
				line += " " + e.Rule
			}
			got = append(got, line)
			if f.Rule() == "build-id" && !strings.HasSuffix(f.Evidence[0].Text, tt.also) {
				t.Errorf("%s: evidence %q", what, f.Evidence[0].Text)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", what, got, tt.want)
		}
	}
}

// TestBuildIDIsIt has what the file is not be what it contains as well.
func TestBuildIDIsIt(t *testing.T) {
	r := &Report{Findings: []Finding{
		{Name: "openssl", Version: "3.0.13", Relation: Contains, CPE: "cpe", Evidence: []Evidence{{ruleTable, 7, "OpenSSL 3.0.13", 0.95}}},
		{Name: "zlib", Version: "1.2.13", Relation: Contains, Evidence: []Evidence{{ruleTable, 9, "inflate 1.2.13", 0.95}}},
	}}
	r.know(ruleBuildID, "00", []fileindex.Record{{Name: "openssl", Version: "3.0.13", PURL: "pkg:deb/debian/libssl3@3.0.13-1"}})
	if len(r.Findings) != 2 || r.Main().Name != "openssl" || r.Main().CPE != "cpe" || len(r.Main().Evidence) != 2 || r.Findings[1].Name != "zlib" {
		t.Errorf("%+v", r.Findings)
	}
}

// TestSourceFails tells the error of a source, with what is known without it.
func TestSourceFails(t *testing.T) {
	broken := answers{err: fileindex.ErrFormat}
	file := elftest.File{BuildID: "00112233445566778899aabbccddeeff00112233", Text: lines("nginx version: nginx/1.22.1")}
	content := file.Bytes()
	r, err := withSources(t, broken).Identify(context.Background(), "x", int64(len(content)), bytes.NewReader(content))
	if !errors.Is(err, fileindex.ErrFormat) || r == nil || r.Main() == nil {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err = withSources(t, broken, tools(t)).Identify(context.Background(), "x", int64(len(content)), bytes.NewReader(content)); !errors.Is(err, fileindex.ErrFormat) || !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Name == "tool" }) {
		t.Errorf("the next source is not asked: %+v, %v", r, err)
	}
	in := detecttest.File{Path: "usr/bin/x", Mode: 0o755, Data: content}
	f := &detect.File{Entry: in.Entry(), ReaderAt: bytes.NewReader(content), Digest: "sha256:00"}
	frag, err := withSources(t, broken).Detect(context.Background(), f)
	if err != nil || len(frag.Components) != 1 || len(frag.Gaps) != 1 || frag.Gaps[0].Kind != sbom.GapCorrupt {
		t.Errorf("%+v, %v", frag, err)
	}
}

// TestSourceVersion has the sources in the detector's version, by which its findings are kept.
func TestSourceVersion(t *testing.T) {
	none, one, two := withSources(t).ID(), withSources(t, tools(t)).ID(), withSources(t, tools(t), answers{}).ID()
	if none.Version != detector(t, false).ID().Version || one.Version == none.Version || two.Version == one.Version || !strings.HasPrefix(one.Version, none.Version+"+") {
		t.Errorf("%v, %v, %v", none, one, two)
	}
}

func TestSourceConformance(t *testing.T) {
	data := (&elftest.File{BuildID: "00112233445566778899aabbccddeeff00112233", Text: lines("nothing")}).Bytes()
	if err := detecttest.Check(withSources(t, tools(t)), detecttest.File{Path: "opt/app/server", Mode: 0o755, Data: data}); err != nil {
		t.Error(err)
	}
}
