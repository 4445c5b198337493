package slsa_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/attesttest"
	"github.com/imagetrust/imagetrust/attest/slsa"
)

const buildersFile = "testdata/builders.txtar"

// TestBuilders reads what the builders write, each in its own form.
func TestBuilders(t *testing.T) {
	archive := readBuilders(t)
	want := map[string]string{}
	for _, f := range archive.Files {
		if name, ok := strings.CutSuffix(f.Name, ".want"); ok {
			want[name] = string(f.Data)
		}
	}
	var files []txtar.File
	for _, f := range archive.Files {
		name, ok := strings.CutSuffix(f.Name, ".json")
		if !ok {
			continue
		}
		got := view(t, f)
		files = append(files, f, txtar.File{Name: name + ".want", Data: []byte(got)})
		if !*update && got != want[name] {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	if *update {
		archive.Files = files
		if err := os.WriteFile(buildersFile, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readBuilders(t testing.TB) *txtar.Archive {
	t.Helper()
	archive, err := txtar.ParseFile(buildersFile)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

// predicateOf splits a file of the archive into type and predicate.
func predicateOf(f txtar.File) (predicateType string, predicate []byte) {
	first, rest, _ := bytes.Cut(f.Data, []byte("\n"))
	return string(first), rest
}

// view is a build as JSON, without what it keeps as it was signed.
func view(t *testing.T, f txtar.File) string {
	t.Helper()
	b, err := slsa.Parse(predicateOf(f))
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	b.Parameters, b.Internal, b.Materials = nil, nil, nil
	out, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}

func TestParseRefuses(t *testing.T) {
	const v1, v02 = attest.TypeSLSAProvenance1, attest.TypeSLSAProvenance02
	tests := []struct {
		name, predicateType, predicate string
		want                           error
	}{
		{"another type", attest.TypeSPDX, `{}`, slsa.ErrProvenance},
		{"an unknown version", "https://slsa.dev/provenance/v9", `{}`, slsa.ErrProvenance},
		{"no type", "", `{}`, slsa.ErrProvenance},
		{"null", v1, `null`, slsa.ErrProvenance},
		{"nothing", v1, ``, slsa.ErrProvenance},
		{"a list", v1, `[]`, slsa.ErrProvenance},
		{"text", v02, `"builder"`, slsa.ErrProvenance},
		{"a duplicate", v02, `{"builder":{"id":"a"},"builder":{"id":"b"}}`, slsa.ErrProvenance},
		{"a duplicate deep down", v02, `{"invocation":{"environment":{"a":{"b":1,"b":2}}}}`, slsa.ErrProvenance},
		{"another case", v02, `{"builder":{"id":"a"},"Builder":{"id":"b"}}`, slsa.ErrProvenance},
		{"another case in a material", v02, `{"materials":[{"uri":"a","URI":"b"}]}`, slsa.ErrProvenance},
		{"another case in the metadata", v1, `{"runDetails":{"metadata":{"StartedOn":"2026-01-02T03:04:05Z"}}}`, slsa.ErrProvenance},
		{"two spellings that differ", v02, `{"metadata":{"buildInvocationId":"a","buildInvocationID":"b"}}`, slsa.ErrProvenance},
		{"two spellings that differ in v1", v1, `{"runDetails":{"metadata":{"invocationId":"a","invocationID":"b"}}}`, slsa.ErrProvenance},
		{"trailing data", v1, `{}{}`, slsa.ErrProvenance},
		{"a member of another kind", v1, `{"runDetails":{"builder":"x"}}`, slsa.ErrProvenance},
		{"a list bomb", v02, `{"materials":[` + strings.Repeat("{},", 1<<20) + `{}]}`, attest.ErrLimit},
		{"a depth bomb", v1, `{"x":` + strings.Repeat("[", 1<<20), attest.ErrLimit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := slsa.Parse(tt.predicateType, []byte(tt.predicate))
			if !errors.Is(err, tt.want) || !errors.Is(err, attest.ErrPredicate) {
				t.Errorf("got %+v, %v, want %v", b, err, tt.want)
			}
		})
	}
}

func TestParseUnsigned(t *testing.T) {
	const rest = `"predicateType":"https://slsa.dev/provenance/v1","predicate":{"runDetails":{"builder":{"id":"b"}}}}`
	for in, ok := range map[string]bool{
		`{"_type":"https://in-toto.io/Statement/v1","subject":[],` + rest: true,
		`{"_type":"https://in-toto.io/Statement/v0.1",` + rest:            true,
		`{"_type":"https://in-toto.io/Statement/v2",` + rest:              false,
		`{` + rest: false,
		`{"_type":"https://in-toto.io/Statement/v1","_Type":"x",` + rest:  false,
		`{"_type":"https://in-toto.io/Statement/v1","predicateType":"x"}`: false,
		`{"_type":"https://in-toto.io/Statement/v1",` + rest + `{}`:       false,
		`null`: false,
	} {
		b, err := slsa.ParseUnsigned([]byte(in))
		if (err == nil) != ok || ok && b.Builder != "b" || !ok && !errors.Is(err, slsa.ErrProvenance) {
			t.Errorf("%s: %+v, %v", in, b, err)
		}
	}
}

// TestHostileMembers: what stands where a text is looked for, but is none, is as if
// it were absent.
func TestHostileMembers(t *testing.T) {
	for _, buildType := range []string{
		"https://actions.github.io/buildtypes/workflow/v1", "https://slsa.dev/container-based-build/v0.1", "https://tekton.dev/chains/v2/slsa",
		"https://github.com/moby/buildkit/x", "https://cloud.google.com/build/gcb-buildtypes/google-worker/v1", "https://ci.example/x",
	} {
		for _, value := range []string{`1`, `null`, `[]`, `{}`, `"x"`, `[{"name":1,"value":2}]`, `true`} {
			params := `{"workflow":` + value + `,"source":` + value + `,"configSource":` + value + `,"buildConfigSource":` + value +
				`,"runSpec":{"params":` + value + `,"pipelineRef":` + value + `},"substitutions":` + value + `,"configPath":` + value + `}`
			predicate := `{"buildDefinition":{"buildType":"` + buildType + `","externalParameters":` + params + `,"internalParameters":{"github":` + value + `,"GITHUB_SHA":` + value +
				`}},"runDetails":{"builder":{"id":"b"},"metadata":{"buildkit_metadata":` + value + `,"buildkit_hermetic":` + value + `}}}`
			b, err := slsa.Parse(attest.TypeSLSAProvenance1, []byte(predicate))
			if err != nil {
				t.Errorf("%s: %s: %v", buildType, value, err)
			} else if b.Source.Repository != "" || b.Source.Commit != "" {
				t.Errorf("%s: %s: a source %+v out of nothing", buildType, value, b.Source)
			}
		}
	}
}

// FuzzParse: whatever is read gives a view that can be written and supports no level
// without a signature, and its source leads where its text says.
func FuzzParse(f *testing.F) {
	types := []string{attest.TypeSLSAProvenance01, attest.TypeSLSAProvenance02, attest.TypeSLSAProvenance1}
	for _, file := range readBuilders(f).Files {
		if strings.HasSuffix(file.Name, ".json") {
			_, predicate := predicateOf(file)
			f.Add(predicate)
		}
	}
	f.Fuzz(func(t *testing.T, predicate []byte) {
		for _, predicateType := range types {
			b, err := slsa.Parse(predicateType, predicate)
			if err != nil {
				if !errors.Is(err, slsa.ErrProvenance) {
					t.Fatalf("untyped error %v", err)
				}
				continue
			}
			if _, err := json.Marshal(b); err != nil {
				t.Fatalf("cannot be written: %v", err)
			}
			if r := b.Source.Repository; r != "" && (!strings.Contains(b.Source.URI, strings.Split(r, "/")[2]) || strings.ContainsAny(r, "\\@# ") || strings.Contains(r, "/../")) {
				t.Fatalf("repository %q of %q", r, b.Source.URI)
			}
			a := b.Assess(slsa.TrustedBuilder{ID: b.Builder, Level: slsa.Level3, Signer: attest.Identity{KeyID: attesttest.KeyID()}})
			if a.Level != slsa.Level0 || len(a.Results) != 6 {
				t.Fatalf("unsigned, and supports %v", a)
			}
		}
	})
}
