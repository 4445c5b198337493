package catalog

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// asked is a context that counts how often its error is asked for, and has one from the
// given time on.
type asked struct {
	context.Context
	times, until int
}

var errGivenUp = errors.New("given up")

func (a *asked) Err() error {
	if a.times++; a.until > 0 && a.times >= a.until {
		return errGivenUp
	}
	return nil
}

const manyFacts = 4 * askEvery

// manyOf are the facts of a layer that has very many of one thing.
var manyOf = map[string]func(d *draft, f *detect.Fragment, i int){
	"files": func(d *draft, _ *detect.Fragment, i int) {
		d.Entries = append(d.Entries, entry{Path: fmt.Sprintf("usr/bin/%d", i), Mode: 0o755, Kind: sbom.KindELF})
	},
	"components": func(_ *draft, f *detect.Fragment, i int) { f.Components = append(f.Components, numbered(i)) },
	"components of one key": func(_ *draft, f *detect.Fragment, _ int) {
		f.Components = append(f.Components, numbered(0))
	},
	"claims": func(_ *draft, f *detect.Fragment, i int) {
		f.Claims = append(f.Claims, detect.Claim{Key: "c0", Path: fmt.Sprintf("usr/lib/%d", i), Digest: "md5:00"})
	},
	"claims on one path": func(_ *draft, f *detect.Fragment, i int) {
		f.Components = append(f.Components, numbered(i))
		f.Claims = append(f.Claims, detect.Claim{Key: fmt.Sprint("c", i), Path: "db", Digest: "md5:00000000000000000000000000000000"})
	},
	"claims on one path that is not there": func(_ *draft, f *detect.Fragment, i int) {
		f.Components = append(f.Components, numbered(i))
		f.Claims = append(f.Claims, detect.Claim{Key: fmt.Sprint("c", i), Path: "usr/bin/gone"})
	},
	"claims on one directory": func(d *draft, f *detect.Fragment, i int) {
		d.Entries = append(d.Entries, entry{Path: fmt.Sprintf("opt/x/%d", i), Mode: 0o755, Kind: sbom.KindELF})
		f.Components = append(f.Components, numbered(i))
		f.Claims = append(f.Claims, detect.Claim{Key: fmt.Sprint("c", i), Path: "opt/x", Tree: true})
	},
	"relations": func(_ *draft, f *detect.Fragment, i int) {
		f.Relations = append(f.Relations, detect.Relation{From: "c0", To: fmt.Sprint("c", i), Type: sbom.DependsOn})
	},
	"annotations": func(_ *draft, f *detect.Fragment, i int) {
		f.Annotations = append(f.Annotations, detect.Annotation{Key: "c0", Properties: []sbom.Property{{Name: "n", Value: fmt.Sprint(i)}}})
	},
	"gaps": func(_ *draft, f *detect.Fragment, i int) {
		f.Components = append(f.Components, numbered(i))
		f.Gaps = append(f.Gaps, sbom.Gap{Kind: sbom.GapIncomplete, Component: fmt.Sprint("c", i), Message: "no version"})
	},
	"diversions": func(_ *draft, f *detect.Fragment, i int) {
		f.Diversions = append(f.Diversions, detect.Diversion{From: fmt.Sprint("d", i), To: "e", By: "c0"})
	},
}

func numbered(i int) detect.Component {
	return detect.Component{Key: fmt.Sprint("c", i), Component: sbom.Component{Type: sbom.TypeLibrary, Name: "c", Evidence: []sbom.Evidence{{Field: "name"}}}}
}

func manyFactsOf(add func(*draft, *detect.Fragment, int), n int) *draft {
	d := &draft{Entries: []entry{{Path: "db", Mode: 0o644, Digests: []sbom.Digest{"md5:11111111111111111111111111111111"}}}}
	var f detect.Fragment
	f.Components = append(f.Components, numbered(0))
	for i := range n {
		add(d, &f, i+1)
	}
	d.Fragments = []fragment{newFragment(0, detect.ID{Name: "many", Version: "1"}, &f, nil)}
	return d
}

// foldPatiently does all that is done to the facts of a layer, until ctx is done.
func foldPatiently(ctx context.Context, d *draft) (err error) {
	p := &patience{ctx: ctx}
	defer p.end(&err)
	value, err := encodeResult(ctx, "k", &layerResult{facts: d.pack(p)})
	if err != nil {
		return err
	}
	r, err := decodeResult(ctx, "k", value)
	if err != nil {
		return err
	}
	f := newFold()
	f.patience = p
	info, inv := sbom.Layer{}, new(sbom.Inventory)
	if err := f.add(info.Ref(), r); err != nil {
		return err
	}
	o := f.own(inv)
	o.lacking()
	f.complete(inv, o)
	value, err = encodeStored(ctx, "k", &stored{uncompressed: []int64{0}, inventory: *inv}, []*sbom.LayerRef{info.Ref()})
	if err != nil {
		return err
	}
	_, err = decodeStored(ctx, "k", value, []*sbom.LayerRef{info.Ref()})
	return err
}

// TestInterrupted: whatever a layer has very many of, it is asked often whether anybody
// waits, and nothing more is done when nobody does. That it is not asked many times for
// each element shows that none is looked at for every other.
func TestInterrupted(t *testing.T) {
	for name, add := range manyOf {
		d := manyFactsOf(add, manyFacts)
		whole := &asked{Context: t.Context()}
		if err := foldPatiently(whole, d); err != nil {
			t.Fatal(err)
		}
		if least, most := manyFacts/askEvery, 64*manyFacts/askEvery; whole.times < least || whole.times > most {
			t.Errorf("%s: asked %d times, want %d to %d", name, whole.times, least, most)
		}
		for until := 1; until < whole.times*3/4; until += 1 + whole.times/12 {
			ctx := &asked{Context: t.Context(), until: until}
			if err := foldPatiently(ctx, d); !errors.Is(err, errGivenUp) {
				t.Errorf("%s: given up at %d of %d: %v", name, until, whole.times, err)
			}
			if ctx.times > until+2 { // the cause, and one look on the way out
				t.Errorf("%s: asked %d times after it was given up at %d", name, ctx.times-until, until)
			}
		}
	}
}

// BenchmarkInterrupted reports the longest time between two times that it is asked whether
// anybody waits, with 200,000 of each thing.
func BenchmarkInterrupted(b *testing.B) {
	for name, add := range manyOf {
		b.Run(name, func(b *testing.B) {
			d := manyFactsOf(add, 200_000)
			for b.Loop() {
				ctx := &timed{Context: b.Context(), last: time.Now()}
				if err := foldPatiently(ctx, d); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(ctx.longest.Microseconds())/1000, "ms/latency")
			}
		})
	}
}

// timed is a context that measures how long its error is not asked for.
type timed struct {
	context.Context
	last    time.Time
	longest time.Duration
}

func (c *timed) Err() error {
	now := time.Now()
	c.longest, c.last = max(c.longest, now.Sub(c.last)), now
	return nil
}
