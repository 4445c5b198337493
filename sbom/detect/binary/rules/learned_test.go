package rules

import (
	"bytes"
	"compress/gzip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
)

func learnedProduct() Product {
	return Product{
		Name: "redis", PURL: "github/redis/redis", License: "BSD-3-Clause", Names: []string{"redis-tools"}, SONAMEs: []string{"libredis"},
		Learned: Learned{
			Self:      []string{"^redis-server v{v}", "redis {c}$", "before\x00{v}\x00after"},
			Text:      []string{`libredis "{v}"`},
			Program:   Anchored{Anchors: []string{"Redis is now ready to exit"}, Near: []string{"version\x00{v}"}, Shape: "#.#.#"},
			Library:   Anchored{Anchors: []string{"redis context is dead"}, Shape: "#.#"},
			SONAMEs:   []string{"libredis-core", "libreds_*"},
			FileNames: []string{"libredis"},
		},
		Examples: []Example{{Text: "redis-server v7.0.15 sha=%s\t\\", Version: "7.0.15"}},
		Never:    []string{"redis-server vx.y"},
	}
}

// TestLearnedRoundTrip writes what it reads.
func TestLearnedRoundTrip(t *testing.T) {
	want := &Table{Products: []Product{learnedProduct(), {Name: "other", Names: []string{}, SONAMEs: []string{}}}}
	var b bytes.Buffer
	if err := want.WriteLearned(&b); err != nil {
		t.Fatal(err)
	}
	got, err := ReadLearned(&b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if err := got.Check(); err == nil || !strings.Contains(err.Error(), "other: it has neither text nor names") || strings.Contains(err.Error(), "redis") {
		t.Errorf("Check: %v", err)
	}
}

func TestReadLearned(t *testing.T) {
	for what, text := range map[string]string{
		"no project":  "self\tx {v}",
		"no such":     "project\ta\t\t\t\t\nfoo\tbar",
		"fields":      "project\ta",
		"quoting":     "project\t\\x\t\t\t\t",
		"what anchor": "project\ta\t\t\t\t\nprogram\tfoo\tbar",
	} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(text))
		z.Close()
		if _, err := ReadLearned(&b); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if _, err := ReadLearned(strings.NewReader("not gzip")); err == nil {
		t.Error("no error for what is not compressed")
	}
}

// TestLearnedContexts finds a learned text at the borders of words alone.
func TestLearnedContexts(t *testing.T) {
	table := &Table{Products: []Product{learnedProduct()}}
	x, err := table.Index()
	if err != nil {
		t.Fatal(err)
	}
	p := &table.Products[0]
	for text, want := range map[string][]string{
		"redis-server v7.0.15 (00)":           {"7.0.15"},
		"my redis-server v7.0.15":             nil,
		"the redis 7.0.15":                    {"7.0.15"},
		"the hiredis 7.0.15":                  nil,
		"the my-redis 7.0.15":                 nil,
		"the redis 7.0.15 and 8.0.0 or later": nil,
		"before\x007.0.15\x00after":           {"7.0.15"},
		"before\x007.0.15\x00afterwards":      nil,
		`libredis "7.0.15"`:                   {"7.0.15"},
		"Redis is now ready to exit\x00\x00version\x007.0.15\x00x\x006.2.1\x00": {"7.0.15"},
		"Redis is now ready to exit\x00\x00x\x007.0.15\x00":                     {"7.0.15"},
		"Redis is now ready to exit\x00\x00x\x007.0.15\x00y\x006.2.1":           nil,
		"xRedis is now ready to exit\x00\x00x\x007.0.15\x00":                    nil,
		"redis context is dead\x00\x00x\x007.0\x00":                             {"7.0"},
		"redis context is dead\x00\x00x\x007.0.15\x00":                          nil,
	} {
		if got := x.find(p, text); !slices.Equal(got, want) {
			t.Errorf("in %q: %q, want %q", text, got, want)
		}
	}
}

func TestNumbered(t *testing.T) {
	x, err := (&Table{Products: []Product{learnedProduct()}}).Index()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ soname, file, want string }{
		{"libredis.so.1", "libredis.so.1.2.3", "1.2.3"},
		{"libredis.so.1", "native.so", ""},
		{"libredis.so.1", "libredis.so.1", ""},
		{"libredis-core.so.7.0.15", "native.so", "7.0.15"},
		{"libredis-core.so", "libredis-core.so.7.0.15", ""},
		{"libreds_any.so.7.0.15", "native.so", "7.0.15"},
		{"libother.so.1", "libother.so.1.2.3", ""},
		{"libredis.so.1", "libredis.so.1.2.x", ""},
		{"", "", ""},
	} {
		if _, got := x.Numbered(tt.soname, tt.file); got != tt.want {
			t.Errorf("Numbered(%q, %q) = %q, want %q", tt.soname, tt.file, got, tt.want)
		}
	}
}

// TestMerge lets what was written by hand stand.
func TestMerge(t *testing.T) {
	table := &Table{Products: []Product{{Name: "Redis", Names: []string{"redis"}, License: "RSALv2", CPE: "redis:redis", Self: []string{"Redis {v}"}}}}
	learned := learnedProduct()
	table.merge(&Table{Products: []Product{learned, {Name: "other"}}})
	if len(table.Products) != 2 {
		t.Fatalf("%d rows", len(table.Products))
	}
	if p := table.Products[0]; p.Name != "Redis" || p.License != "RSALv2" || p.PURL != learned.PURL || !slices.Equal(p.Learned.Self, learned.Learned.Self) || len(p.Examples) != 0 {
		t.Errorf("%+v", p)
	}
}

// TestLearnedTable checks what the program that makes the table promises.
func TestLearnedTable(t *testing.T) {
	table, err := ReadLearned(bytes.NewReader(learnedTable))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(table.Products); n < 2000 {
		t.Errorf("%d projects", n)
	}
	if err := table.Check(); err != nil {
		t.Error(err)
	}
	if len(learnedTable) > 1<<20 {
		t.Errorf("%d bytes", len(learnedTable))
	}
	var b bytes.Buffer
	if err := table.WriteLearned(&b); err != nil || !bytes.Equal(b.Bytes(), learnedTable) {
		t.Error("the table is not as it is written")
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadLearned(bytes.NewReader(learnedTable)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	t := Load()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.Index(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVersion looks up the versions of a text with many.
func BenchmarkVersion(b *testing.B) {
	x, err := Load().Index()
	if err != nil {
		b.Fatal(err)
	}
	text := []byte(strings.Repeat("\x00usage: some-program version 1.2.3 (built)\x00%s: %s\x001.2.3\x00github.com/foo/bar@v1.2.3/file.go\x00", 1000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s := textscan.New(x.Matcher(), versions{x})
		_, _ = s.Write(text)
		s.Close()
	}
}

type versions struct{ x *Index }

func (o versions) Version(v *textscan.Version) { o.x.Version(v, func(Hit) {}, func(int, string) {}) }
func (versions) Literal(int, int64, []byte)    {}
func (versions) Library(int64, []byte)         {}
