package slsa_test

import (
	"archive/tar"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/corpustest"
	"github.com/imagetrust/imagetrust/attest/slsa"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestRealProvenance reads all provenance among the real attestations. Each must
// give a view, and what the views say is held by a golden file, which counts alike
// ones: they are of about a hundred builder versions.
func TestRealProvenance(t *testing.T) {
	dir := corpustest.Dir(t, "../..", "attest")
	counts, total := map[string]int{}, map[string]int{}
	corpustest.Envelopes(t, dir, func(file string, envelope []byte) {
		st, ok := statementOf(envelope)
		if !ok {
			return
		}
		if !strings.HasPrefix(st.PredicateType, "https://slsa.dev/provenance/") {
			if _, err := slsa.Parse(st.PredicateType, st.Predicate); !errors.Is(err, slsa.ErrProvenance) {
				t.Errorf("%s: %s: got %v, want ErrProvenance", file, st.PredicateType, err)
			}
			return
		}
		b, err := slsa.Parse(st.PredicateType, st.Predicate)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			return
		}
		total[st.PredicateType]++
		counts[summary(b)]++
	})
	for predicateType, atLeast := range map[string]int{attest.TypeSLSAProvenance1: 100, attest.TypeSLSAProvenance02: 140, attest.TypeSLSAProvenance01: 50} {
		if total[predicateType] < atLeast {
			t.Errorf("only %d of %s", total[predicateType], predicateType)
		}
	}
	var text strings.Builder
	for _, s := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&text, "%4d %s\n", counts[s], s)
	}
	golden(t, "real.golden", text.String())
	t.Logf("read %v", total)
}

// statementOf reads what an envelope holds; some hold no statement, and some are
// broken on purpose.
func statementOf(envelope []byte) (*attest.Statement, bool) {
	var env struct {
		Payload string `json:"payload"`
	}
	if json.Unmarshal(envelope, &env) != nil {
		return nil, false
	}
	payload, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(env.Payload), "="))
	if err != nil {
		return nil, false
	}
	st, err := attest.ParseStatement(payload)
	return st, err == nil
}

// summary is a view on one line, without what differs between runs of a builder.
func summary(b *slsa.Build) string {
	builder, _, _ := strings.Cut(b.Builder, "@")
	commit := "no commit"
	if len(b.Source.Commit) == 40 {
		commit = "commit"
	} else if b.Source.Commit != "" {
		commit = "commit " + b.Source.Commit
	}
	entry := "entry"
	if b.EntryPoint == "" {
		entry = "no entry"
	} else if !strings.Contains(b.EntryPoint, "/") {
		entry = b.EntryPoint
	}
	parts := []string{
		strings.TrimPrefix(b.PredicateType, "https://slsa.dev/provenance/"), string(b.Platform), builder, or(b.Source.Repository, "no repository"),
		commit, entry, "ref " + fmt.Sprint(b.Source.Ref != ""), "from " + or(b.Source.From, "nowhere"),
		"parameters " + fmt.Sprint(len(b.Parameters) > 2) + tri(" complete", b.ParametersComplete),
		"reproducible" + tri("", b.Reproducible), "run " + fmt.Sprint(b.Invocation != ""), "times " + fmt.Sprint(!b.Started.IsZero() && !b.Finished.IsZero()),
		fmt.Sprintf("contradictions %d", len(b.Contradictions)),
	}
	return strings.Join(parts, " | ")
}

func tri(name string, b *bool) string {
	if b == nil {
		return name + " unstated"
	}
	return fmt.Sprintf("%s %t", name, *b)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s:\n%s", file, got)
	}
}

// TestRealBuildKit reads the provenance in an image that BuildKit built from a local
// directory: it names neither a builder nor a subject nor a source.
func TestRealBuildKit(t *testing.T) {
	f, err := os.Open(filepath.Join(corpustest.Dir(t, "../..", "buildkit"), "multi-stage.oci.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	read := 0
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Size > 1<<20 || !strings.HasPrefix(h.Name, "blobs/") {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := slsa.ParseUnsigned(data)
		if err != nil {
			continue // a manifest or a layer
		}
		read++
		if b.Platform != slsa.BuildKit || b.Builder != "" || b.Source.URI != "" || b.Invocation == "" || b.Started.IsZero() || b.Parameters == nil {
			t.Errorf("got %+v", b)
		}
		if a := b.Assess(slsa.TrustedBuilder{ID: "", Level: slsa.Level3, Signer: attest.Identity{Name: "x"}}); a.Level != slsa.Level0 {
			t.Errorf("unsigned provenance supports %v", a)
		}
	}
	if read != 1 {
		t.Errorf("%d statements with provenance, want 1", read)
	}
}

// TestRealLevels judges real bundles by who really signed them. That they verify is
// tested with the verifier of certificates; here the list of what must come out
// stands for it.
func TestRealLevels(t *testing.T) {
	dir := corpustest.Dir(t, "../..", "attest/real")
	var list []struct{ File, Want, SAN string }
	data, err := os.ReadFile(filepath.Join(dir, "bundles.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	trust := append(slsa.GitHubGeneratorBuilders(), slsa.TrustedBuilder{
		ID: "https://github.com/bazel-contrib/publish-to-bcr/.github/workflows/publish.yaml@refs/tags/", Level: slsa.Level2,
		Signer: attest.Identity{Issuer: issuer}, SignerIsBuilder: true,
	})
	counts := map[string]int{}
	for _, e := range list {
		if e.Want != "ok" || e.SAN == "" {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(e.File)))
		if err != nil {
			t.Fatal(err)
		}
		bundle, err := attest.ParseBundle(raw)
		if err != nil {
			continue // several bundles in one file, and npm's lists of them
		}
		st, err := bundle.UnverifiedStatement()
		if err != nil {
			t.Fatal(err)
		}
		b, err := slsa.Read(signedBy(t, attest.Identity{Issuer: issuer, SAN: e.SAN}, st.PredicateType, string(st.Predicate)))
		if err != nil {
			t.Fatalf("%s: %v", e.File, err)
		}
		a := b.Assess(trust...)
		builder, _, _ := strings.Cut(b.Builder, "@")
		signer, _, _ := strings.Cut(e.SAN, "@")
		counts[fmt.Sprintf("%v | %s | signed by %s", a.Level, builder, signer)]++
	}
	var text strings.Builder
	for _, s := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&text, "%4d %s\n", counts[s], s)
	}
	golden(t, "levels.golden", text.String())
}
