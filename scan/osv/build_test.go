package osv

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// record is a minimal OSV record.
func record(id, modified, eco, name, fixed string) string {
	return fmt.Sprintf(`{"id":%q,"modified":%q,"affected":[{"package":{"ecosystem":%q,"name":%q},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":%q}]}]}]}`,
		id, modified, eco, name, fixed)
}

func zipped(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	zw := zip.NewWriter(&buf)
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		w, err := zw.Create(name)
		if err == nil {
			_, err = w.Write([]byte(files[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func build(t testing.TB, sources ...Source) ([]byte, BuildStats) {
	t.Helper()
	var buf bytes.Buffer
	stats, err := Build(t.Context(), &buf, sources...)
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), stats
}

func mapFS(files map[string]string) fs.FS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// TestLayouts: however the same records are delivered, the index is the same.
func TestLayouts(t *testing.T) {
	records := map[string]string{
		"A-1.json": record("A-1", "2024-01-01T00:00:00Z", "npm", "a", "1.0.0"),
		"A-2.json": record("A-2", "2024-01-02T00:00:00Z", "npm", "a", "2.0.0"),
		"B-1.json": record("B-1", "2024-01-03T00:00:00Z", "PyPI", "b", "1.0"),
	}
	want, stats := build(t, FS(mapFS(records)))
	if stats.Records != 3 || stats.Packages != 3 || stats.Size != int64(len(want)) {
		t.Fatalf("stats %+v for %d bytes", stats, len(want))
	}
	dir := t.TempDir()
	zipName := filepath.Join(dir, "all.zip")
	if err := os.WriteFile(zipName, zipped(t, records), 0o666); err != nil {
		t.Fatal(err)
	}
	npm := map[string]string{"A-1.json": records["A-1.json"], "A-2.json": records["A-2.json"]}
	pypi := map[string]string{"B-1.json": records["B-1.json"]}
	reversed := SourceFunc(func(context.Context) iter.Seq2[Raw, error] {
		return func(yield func(Raw, error) bool) {
			for _, n := range []string{"B-1.json", "A-2.json", "A-1.json"} {
				if !yield(Raw{Name: n, JSON: []byte(records[n])}, nil) {
					return
				}
			}
		}
	})
	for name, sources := range map[string][]Source{
		"by ecosystem": {FS(mapFS(map[string]string{"npm/A-1.json": records["A-1.json"], "npm/A-2.json": records["A-2.json"], "PyPI/B-1.json": records["B-1.json"],
			"README.md": "no record", "npm/modified_id.csv": "2024,A-1", "_enrich/kev.json": "{}", ".git/x.json": "{"}))},
		"zips by ecosystem":   {FS(mapFS(map[string]string{"npm/all.zip": string(zipped(t, npm)), "PyPI/all.zip": string(zipped(t, pypi))}))},
		"one zip":             {Zip(zipName)},
		"a zip in a dir":      {Dir(dir)},
		"another order":       {reversed},
		"the same twice":      {FS(mapFS(records)), reversed},
		"split in two orders": {FS(mapFS(pypi)), FS(mapFS(npm))},
	} {
		got, st := build(t, sources...)
		if !bytes.Equal(got, want) && name != "the same twice" {
			t.Errorf("%s: other bytes", name)
		}
		if name == "the same twice" && (st.Duplicates != 3 || st.Records != 3) {
			t.Errorf("%s: %+v", name, st)
		}
	}
}

// TestNewestWins: of two records with one id the newer counts, also when it is
// withdrawn.
func TestNewestWins(t *testing.T) {
	older, newer := record("A-1", "2024-01-01T00:00:00Z", "npm", "a", "1.0.0"), record("A-1", "2024-02-01T00:00:00Z", "npm", "a", "2.0.0")
	withdrawn := strings.Replace(newer, `{"id"`, `{"withdrawn":"2024-02-01T00:00:00Z","id"`, 1)
	keep := record("K-1", "2024-01-01T00:00:00Z", "npm", "k", "1.0.0")
	for _, order := range [][]string{{older, newer}, {newer, older}} {
		b, stats := build(t, sourceOf(append(order, keep)...))
		db, err := OpenBytes(b)
		if err != nil {
			t.Fatal(err)
		}
		as, err := db.Lookup("npm", "a")
		if err != nil || len(as) != 1 || stats.Duplicates != 1 {
			t.Fatalf("%+v, %v, %+v", as, err, stats)
		}
		if ok, _, _ := as[0].Affects("1.5.0"); !ok {
			t.Error("the older record won")
		}
	}
	_, stats := build(t, sourceOf(older, withdrawn, keep))
	if diff := cmp.Diff(BuildStats{Records: 1, Packages: 1, Withdrawn: 1, Duplicates: 1}, stats,
		cmpopts.IgnoreFields(BuildStats{}, "Size", "Digest", "Built")); diff != "" {
		t.Error(diff)
	}
}

func sourceOf(records ...string) Source {
	return SourceFunc(func(context.Context) iter.Seq2[Raw, error] {
		return func(yield func(Raw, error) bool) {
			for i, r := range records {
				if !yield(Raw{Name: fmt.Sprintf("r%d.json", i), JSON: []byte(r)}, nil) {
					return
				}
			}
		}
	})
}

// TestStats: what is left out is counted, and what is broken is named.
func TestStats(t *testing.T) {
	b, stats := build(t, sourceOf(
		record("A-1", "2024-01-01T00:00:00Z", "npm", "a", "1.0.0"),
		`{"id":"W-1","withdrawn":"2024-01-01T00:00:00Z"}`,
		`{"id":"G-1","affected":[{"ranges":[{"type":"GIT","repo":"r","events":[{"introduced":"0"}]}]}]}`,
		`{"id":"G-2","modified":"2024-06-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"p"},"versions":["1"],"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]}]}`,
		`{"id":"E-1"}`, `{"id":"E-2","affected":[{"package":{"ecosystem":"npm","name":"x"}}]}`,
		`{`, `{"id":""}`,
	))
	want := BuildStats{Records: 2, Packages: 2, Withdrawn: 1, Unmatchable: 3, GitRanges: 2, Rejected: 2, Size: int64(len(b))}
	if diff := cmp.Diff(want, stats, cmpopts.IgnoreFields(BuildStats{}, "Digest", "Built", "Failures")); diff != "" {
		t.Error(diff)
	}
	if len(stats.Failures) != 2 || stats.Failures[0].Name != "r6.json" || !errors.Is(stats.Failures[0], ErrRecord) {
		t.Errorf("failures %v", stats.Failures)
	}
	if got := stats.Built.Format("2006-01-02"); got != "2024-06-01" {
		t.Errorf("built %s, want that of the newest record", got)
	}
	db, err := OpenBytes(b)
	if err != nil || db.Digest() != stats.Digest || !db.Built().Equal(stats.Built) || db.Len() != 2 {
		t.Errorf("%v, %v", db, err)
	}
}

func TestBuildErrors(t *testing.T) {
	boom := errors.New("boom")
	good := sourceOf(record("A-1", "2024-01-01T00:00:00Z", "npm", "a", "1.0.0"))
	failing := SourceFunc(func(context.Context) iter.Seq2[Raw, error] {
		return func(yield func(Raw, error) bool) { yield(Raw{}, boom) }
	})
	var buf bytes.Buffer
	if _, err := Build(t.Context(), &buf, good, failing); !errors.Is(err, boom) || buf.Len() > 0 {
		t.Errorf("a failing source: %v, %d bytes written", err, buf.Len())
	}
	if _, err := Build(t.Context(), &buf); !errors.Is(err, ErrNoRecords) {
		t.Errorf("no source: %v", err)
	}
	if _, err := Build(t.Context(), &buf, sourceOf("{")); !errors.Is(err, ErrNoRecords) {
		t.Errorf("only broken records: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Build(ctx, &buf, good); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Build(t.Context(), failingWriter{boom}, good); !errors.Is(err, boom) {
		t.Errorf("a failing writer: %v", err)
	}
	if _, err := Build(t.Context(), &buf, Zip(filepath.Join(t.TempDir(), "no.zip"))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no zip: %v", err)
	}
	if _, err := Build(t.Context(), &buf, FS(mapFS(map[string]string{"a.zip": "no zip"}))); !errors.Is(err, zip.ErrFormat) {
		t.Errorf("a broken zip: %v", err)
	}
	if buf.Len() > 0 {
		t.Error("something was written beside an error")
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// TestRawError: a record that cannot be read is counted like one that is broken.
func TestRawError(t *testing.T) {
	boom := errors.New("boom")
	_, stats := build(t, sourceOf(record("A-1", "", "npm", "a", "1.0.0")), SourceFunc(func(context.Context) iter.Seq2[Raw, error] {
		return func(yield func(Raw, error) bool) { yield(Raw{Name: "x", Err: boom}, nil) }
	}))
	if stats.Rejected != 1 || !errors.Is(stats.Failures[0], boom) {
		t.Errorf("%+v", stats)
	}
}
