package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// filler sets every field of a value to something that is not its zero value and
// that occurs nowhere else.
type filler struct {
	n    int
	refs []*sbom.LayerRef
}

func (f *filler) fill(v reflect.Value) {
	f.n++
	if _, ok := v.Interface().(*sbom.LayerRef); ok && f.refs != nil {
		v.Set(reflect.ValueOf(f.refs[f.n%len(f.refs)]))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return // Nothing that is cached has a time.
		}
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			f.fill(v.Index(i))
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("string %d", f.n))
		if _, ok := v.Interface().(sbom.Claim); ok {
			v.SetString(string(grounds[f.n%len(grounds)]))
		}
		if _, ok := v.Interface().(sbom.Digest); ok && f.n%4 > 0 {
			v.SetString(fmt.Sprintf("sha256:%064x", f.n))
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.n) - 100)
	case reflect.Uint32:
		v.SetUint(uint64(f.n) | 1<<31)
	case reflect.Uint8:
		v.SetUint(uint64(1 + f.n%3))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1 / float64(f.n))
	default:
		panic("a kind that is not encoded: " + v.Type().String())
	}
}

// TestEncodeEveryField fails when a type gets a field and the encoding does not.
func TestEncodeEveryField(t *testing.T) {
	var f filler
	var (
		entries []entry
		facts   = make([]detect.Fragment, 2)
	)
	f.fill(reflect.ValueOf(&entries).Elem())
	f.fill(reflect.ValueOf(&facts).Elem())
	want := &layerResult{facts: &layerFacts{entries: packEntries(entries, nil)}, uncompressed: math.MaxInt64}
	f.fill(reflect.ValueOf(&want.gaps).Elem())
	for i := range facts {
		claims := facts[i].Claims
		fr := newFragment(i, detect.ID{Name: "n", Version: "v"}, &facts[i], nil)
		if got := unpackClaims(&fr.claims); !reflect.DeepEqual(got, claims) {
			t.Errorf("(-want +got):\n%s", gocmp.Diff(claims, got))
		}
		want.facts.fragments = append(want.facts.fragments, fr)
	}
	if got := want.facts.entries.unpack(nil); !reflect.DeepEqual(got, entries) {
		t.Errorf("(-want +got):\n%s", gocmp.Diff(entries, got))
	}
	if fields := reflect.TypeFor[layerResult]().NumField(); fields != 3 {
		t.Errorf("layerResult has %d fields: encode and fill them here", fields)
	}
	value, err := encodeResult(context.Background(), "k", want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeResult(context.Background(), "k", value)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v (-want +got):\n%s", err, gocmp.Diff(want, got, gocmp.AllowUnexported(layerResult{}, layerFacts{}, entryList{}, fragment{}, claimList{})))
	}
}

// TestStoreEveryField is TestEncodeEveryField for a whole image.
func TestStoreEveryField(t *testing.T) {
	f := filler{refs: []*sbom.LayerRef{{Index: 0, DiffID: "sha256:a"}, {Index: 1}, {Index: 2, DiffID: "sha256:c"}}}
	want := &stored{uncompressed: []int64{1, 0, math.MaxInt64}, bytes: -1, components: 7}
	f.fill(reflect.ValueOf(&want.inventory).Elem())
	inv := &want.inventory
	inv.Subject, inv.Tools, inv.Layers = sbom.Subject{}, nil, nil // Known without the cache.
	value, err := encodeStored(context.Background(), "k", want, f.refs)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeStored(context.Background(), "k", value, f.refs)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v (-want +got):\n%s", err, gocmp.Diff(want, got, gocmp.AllowUnexported(stored{})))
	}
	inv.Gaps[0].Layer = &sbom.LayerRef{Index: 9}
	if _, err := encodeStored(context.Background(), "k", want, f.refs); err == nil {
		t.Error("a layer that the image does not have was encoded")
	}
	if _, err := decodeStored(context.Background(), "k", value, f.refs[:2]); !errors.Is(err, errEncoding) {
		t.Errorf("an image of three layers was decoded as one of two: %v", err)
	}
}

// TestEncodeNothing encodes many elements that say nothing, of every list by itself:
// none takes fewer bytes than what bounds the list when it is read.
func TestEncodeNothing(t *testing.T) {
	lists := func(v any) (names []string) {
		of := reflect.TypeOf(v).Elem()
		for i := range of.NumField() {
			if f := of.Field(i); f.Type.Kind() == reflect.Slice {
				names = append(names, f.Name)
			}
		}
		return names
	}
	long := func(v any, list string) {
		f := reflect.ValueOf(v).Elem().FieldByName(list)
		f.Set(reflect.MakeSlice(f.Type(), 1000, 1000))
	}
	var results []*layerResult
	add := func(f detect.Fragment) {
		results = append(results, &layerResult{facts: &layerFacts{entries: packEntries(make([]entry, 1), nil), fragments: []fragment{newFragment(0, detect.ID{}, &f, nil)}}})
	}
	for _, list := range lists(new(detect.Fragment)) {
		var f detect.Fragment
		long(&f, list)
		add(f)
	}
	for _, list := range append(lists(new(sbom.Component)), "Aliases") {
		var c detect.Component
		long(&c, list)
		add(detect.Fragment{Components: []detect.Component{c}})
	}
	for _, list := range lists(new(detect.Annotation)) {
		var a detect.Annotation
		long(&a, list)
		add(detect.Fragment{Annotations: []detect.Annotation{a}})
	}
	results = append(results, &layerResult{facts: &layerFacts{entries: packEntries(make([]entry, 1000), nil)}},
		&layerResult{facts: &layerFacts{entries: packEntries(make([]entry, 1), nil), fragments: make([]fragment, 1000)}},
		&layerResult{facts: &layerFacts{entries: packEntries([]entry{{Digests: make([]sbom.Digest, 1000)}}, nil)}},
		&layerResult{facts: new(layerFacts), gaps: make([]sbom.Gap, 1000)})
	for i, want := range results {
		value, err := encodeResult(context.Background(), "k", want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeResult(context.Background(), "k", value); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("result %d of %d bytes: %v", i, len(value), err)
		}
	}
	for _, list := range []string{"Components", "Relationships", "Files", "Gaps"} {
		want := new(stored)
		long(&want.inventory, list)
		value, err := encodeStored(context.Background(), "k", want, []*sbom.LayerRef{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeStored(context.Background(), "k", value, []*sbom.LayerRef{}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s in %d bytes: %v", list, len(value), err)
		}
	}
}

// sampleResult is a result with something of everything.
func sampleResult() *layerResult {
	digest := sbom.Digest(fmt.Sprintf("sha256:%x", sha256.Sum256([]byte("a"))))
	return &layerResult{
		facts: (&draft{
			Entries: []entry{
				{Path: "usr", Mode: fs.ModeDir | 0o755},
				{Path: "usr/bin", Mode: fs.ModeDir | 0o755},
				{Path: "usr/bin/a", Mode: 0o755 | fs.ModeSetuid, Size: 3, Kind: sbom.KindELF, Digests: []sbom.Digest{digest, "md5:d41d8cd98f00b204e9800998ecf8427e"}},
				{Path: "usr/bin/b", Mode: fs.ModeSymlink | 0o777, Link: "a"},
				{Op: opLink, Path: "usr/bin/c", Link: "usr/bin/a"},
				{Op: opHide, Path: "usr/bin/d"},
				{Op: opOpaque, Path: "usr/share"},
				{Path: "not \xff UTF-8", Mode: 0o644, Digests: []sbom.Digest{"sha256:ABC", "", "md5:D41D8CD98F00B204E9800998ECF8427E"}},
			},
			Fragments: []fragment{newFragment(2, detect.ID{Name: "t", Version: "1"}, &detect.Fragment{
				Components: []detect.Component{{Key: "a", Component: sbom.Component{Type: sbom.TypeLibrary, Name: "a", Version: "1",
					Evidence: []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueManifest, Confidence: 0.9}}}}},
				Claims: []detect.Claim{{Key: "a", Path: "usr/bin/b"}, {Key: "a", Path: "usr/bin/a", Digest: digest}},
			}, nil)},
		}).pack(nil),
		gaps:         []sbom.Gap{{Kind: sbom.GapCorrupt, Path: "x", Message: "m"}},
		uncompressed: 12345,
	}
}

// TestDecodeDamaged changes, cuts off and swaps a value: none of it is taken for one.
func TestDecodeDamaged(t *testing.T) {
	value, err := encodeResult(context.Background(), "key", sampleResult())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeResult(context.Background(), "key", value); err != nil {
		t.Fatal(err)
	}
	for i := range value {
		if _, err := decodeResult(context.Background(), "key", value[:i]); err == nil {
			t.Fatalf("the first %d bytes of %d are a value", i, len(value))
		}
		bad := bytes.Clone(value)
		bad[i] ^= 1 << (i % 8)
		if _, err := decodeResult(context.Background(), "key", bad); err == nil {
			t.Fatalf("with byte %d changed it is still a value", i)
		}
	}
	for _, key := range []string{"", "ke", "kez", "key2"} {
		if _, err := decodeResult(context.Background(), key, value); !errors.Is(err, errCacheValue) {
			t.Errorf("a value of another key than %q was taken: %v", key, err)
		}
	}
	if _, err := decodeResult(context.Background(), "key", append(bytes.Clone(value), 0)); err == nil {
		t.Error("bytes behind the end were not noticed")
	}
}

// TestEncodeRefuses what it could not give back.
func TestEncodeRefuses(t *testing.T) {
	for name, change := range map[string]func(*layerFacts){
		"no entry": func(f *layerFacts) { f.fragments[0].Entry = f.entries.size },
		"negative": func(f *layerFacts) { f.fragments[0].Entry = -1 },
	} {
		r := sampleResult()
		change(r.facts)
		if _, err := encodeResult(context.Background(), "key", r); err == nil {
			t.Errorf("%s: was encoded", name)
		}
	}
}

// TestTableGrowth: strings that share more than an encoding may stand for are given
// back all the same.
func TestTableGrowth(t *testing.T) {
	var table []string
	for i := range 2000 {
		table = append(table, strings.Repeat("x", 200)+fmt.Sprint(i))
	}
	data := encodeTable(context.Background(), table)
	w := &wire{ctx: context.Background(), reading: true, buf: data}
	w.readTable()
	if w.err != nil || !reflect.DeepEqual(w.table[len(words()):], table) || len(w.buf) != 0 {
		t.Errorf("%v, %d strings of %d", w.err, len(w.table)-len(words()), len(table))
	}
	if shared, total := frontCode(context.Background(), table, maxShared); total <= maxGrowth*len(shared) {
		t.Error("these strings prove nothing")
	}
}

// TestTableBomb: what claims to be many long strings is stopped by its length.
func TestTableBomb(t *testing.T) {
	first := strings.Repeat("x", 255)
	data := append([]byte{0, 0xff, 1}, first...)
	data = append(data, bytes.Repeat([]byte{255, 0}, 1<<20)...)
	w := &wire{ctx: context.Background(), reading: true, buf: appendWord(nil, string(data))}
	if allocated := allocations(w.readTable); !errors.Is(w.err, errEncoding) || allocated > 64<<20 {
		t.Errorf("%v after %d MiB", w.err, allocated>>20)
	}
}

// allocations returns how many bytes f allocates.
func allocations(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// FuzzDecode reads bytes that no encoder wrote, as if their checksum were right.
// Memory is bounded by their length, and what is read is given back when it is
// encoded and decoded again.
func FuzzDecode(f *testing.F) {
	for _, r := range []*layerResult{sampleResult(), {facts: new(layerFacts)}} {
		value, err := encodeResult(context.Background(), "", r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value[bodyStart+1:])
	}
	for _, l := range script("\x01\x00\x11\x00\x00\x00\x01\x00\x52\x06\x08\x07\x05\x00\x01\x01\x05\x3f").layers() {
		value, err := encodeResult(context.Background(), "", l)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value[bodyStart+1:])
	}
	f.Add([]byte{0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, data []byte) {
		r := new(layerResult)
		var err error
		allocated := allocations(func() { err = decodeBody(context.Background(), data, func(w *wire) { w.result(r) }) })
		if most := uint64(64*len(data) + 4<<20); allocated > most {
			t.Errorf("%d bytes took %d bytes of memory", len(data), allocated)
		}
		if err != nil {
			return
		}
		value, err := encodeResult(context.Background(), "k", r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeResult(context.Background(), "k", value)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(r, again, gocmp.AllowUnexported(layerResult{}, layerFacts{}, entryList{}, fragment{}, claimList{}), cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// FuzzDecodeStored is FuzzDecode for whole images.
func FuzzDecodeStored(f *testing.F) {
	refs := []*sbom.LayerRef{{Index: 0, DiffID: "sha256:a"}, {Index: 1, DiffID: "sha256:b"}}
	_, inv := foldAll(f, script("\x01\x00\x11\x00\x00\x00\x01\x00\x52\x06\x08\x07\x05\x00\x01\x01\x05\x3f").layers())
	for i := range inv.Gaps {
		inv.Gaps[i].Layer = refs[i%2]
	}
	seed := &stored{uncompressed: []int64{1, 2}, bytes: 3, components: 4}
	seed.inventory.Gaps = inv.Gaps
	seed.inventory.Files = []sbom.File{{Path: "a", Layer: refs[1], Mode: 0o755, Kind: sbom.KindELF, Recorded: "md5:d41d8cd98f00b204e9800998ecf8427e"}}
	value, err := encodeStored(context.Background(), "", seed, refs)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(value[bodyStart+1:])
	f.Fuzz(func(t *testing.T, data []byte) {
		s := new(stored)
		var err error
		allocated := allocations(func() {
			err = decodeBody(context.Background(), data, func(w *wire) {
				w.refs = refs
				w.stored(s)
			})
		})
		if most := uint64(64*len(data) + 4<<20); allocated > most {
			t.Errorf("%d bytes took %d bytes of memory", len(data), allocated)
		}
		if err != nil {
			return
		}
		value, err := encodeStored(context.Background(), "k", s, refs)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeStored(context.Background(), "k", value, refs)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(s, again, gocmp.AllowUnexported(stored{}), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
