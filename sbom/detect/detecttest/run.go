package detecttest

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// Run checks that d keeps the contract of [detect.Detector] on files, which d
// must want, and on damaged copies of them:
//
//   - its ID is complete and does not change;
//   - Wants gives the same answer each time, does not write to Head, and does
//     not depend on Head's capacity;
//   - Detect gives the same fragment and error each time, also concurrently,
//     keeps nothing of the file, and its fragment survives JSON;
//   - fragments are well-formed: keys unique, purls canonical, evidence
//     complete, paths clean;
//   - truncated, bit-flipped, zero-filled and doubled content never makes it
//     panic, hang, return an error that is none of package detect's, or return
//     output out of proportion;
//   - a cancelled context does not make it panic or hang;
//   - a detect.Covering covers what it says: nothing else is found in any file, and
//     everything that it says is found in one of these files or another.
//
// Each file is a subtest.
func Run(t *testing.T, d detect.Detector, files ...File) {
	t.Helper()
	if len(files) == 0 {
		t.Fatal("detecttest.Run needs at least one file")
	}
	testID(t, d)
	testCoverage(t, d, files)
	for _, f := range files {
		t.Run(subtestName(f), func(t *testing.T) {
			testWants(t, d, f)
			testRepeat(t, d, f)
			testCancelled(t, d, f)
			testDamaged(t, d, f)
		})
	}
}

func subtestName(f File) string {
	if f.Path == "" {
		return "root"
	}
	return strings.ReplaceAll(f.Path, "/", "_")
}

func testID(t *testing.T, d detect.Detector) {
	id := d.ID()
	if id.Name == "" || id.Version == "" || strings.ContainsAny(id.Name+id.Version, "@ \t\n") {
		t.Errorf("ID %+v: name and version are needed, without @ and spaces", id)
	}
	if again := d.ID(); again != id {
		t.Errorf("ID changes: %v, then %v", id, again)
	}
}

func testWants(t *testing.T, d detect.Detector, f File) {
	e := f.Entry()
	before := bytes.Clone(e.Head)
	if !d.Wants(&e) {
		t.Fatalf("%s does not want %s", d.ID(), f.Path)
	}
	if !bytes.Equal(before, e.Head) {
		t.Errorf("Wants wrote to Head")
	}
	// A reused buffer: other bytes behind the head.
	dirty := append(bytes.Clone(before), bytes.Repeat([]byte{0xA5}, detect.HeadSize)...)
	e.Head = dirty[:len(before)]
	if !d.Wants(&e) {
		t.Errorf("Wants depends on what lies behind Head")
	}
}

// testRepeat detects one after the other and at once, and wants one outcome.
func testRepeat(t *testing.T, d detect.Detector, f File) {
	outcomes := make([]outcome, 6)
	outcomes[0], outcomes[1] = call(d, f), call(d, f)
	var wg sync.WaitGroup
	for i := 2; i < len(outcomes); i++ {
		wg.Go(func() { outcomes[i] = call(d, f) })
	}
	wg.Wait()
	if err := outcomes[0].verify(d, f); err != nil {
		t.Fatal(err)
	}
	for i := range outcomes[1:] {
		o := &outcomes[i+1]
		if !bytes.Equal(outcomes[0].encoded, o.encoded) {
			t.Errorf("Detect is not deterministic:\n%s\n%s", outcomes[0].encoded, o.encoded)
		}
		if fmt.Sprint(outcomes[0].err) != fmt.Sprint(o.err) {
			t.Errorf("Detect is not deterministic: error %v, then %v", outcomes[0].err, o.err)
		}
	}
}

type cancelledDetector struct{ detect.Detector }

// Detect passes a context that is done; context.Canceled is a fine answer to it.
func (c cancelledDetector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	frag, err := c.Detector.Detect(ctx, f)
	if err != nil {
		return nil, nil
	}
	return frag, nil
}

func testCancelled(t *testing.T, d detect.Detector, f File) {
	c := cancelledDetector{d}
	o := call(c, f)
	if err := o.verify(c, f); err != nil {
		t.Errorf("with a cancelled context: %v", err)
	}
}

func testDamaged(t *testing.T, d detect.Detector, f File) {
	n := 48
	if testing.Short() || len(f.Data) > 1<<20 {
		n = 8
	}
	for what, data := range damaged(f, n) {
		if err := Check(d, File{Path: f.Path, Mode: f.Mode, Data: data}); err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
	}
}

// damaged yields damaged copies of f's content, the same ones in each run. A
// copy is valid until the next.
func damaged(f File, n int) func(yield func(string, []byte) bool) {
	h := fnv.New64a()
	_, _ = h.Write(f.Data)
	rng := rand.New(rand.NewPCG(h.Sum64(), uint64(len(f.Data))))
	return func(yield func(string, []byte) bool) {
		size := len(f.Data)
		if !yield("empty", nil) || size == 0 {
			return
		}
		for i := range n {
			at := rng.IntN(size)
			if i == 0 {
				at = size - 1
			}
			if !yield(fmt.Sprintf("truncated to %d bytes", at), f.Data[:at:at]) {
				return
			}
			data := bytes.Clone(f.Data)
			what := corrupt(data, rng)
			if !yield(what, data) {
				return
			}
		}
		yield("doubled", append(bytes.Clone(f.Data), f.Data...))
	}
}

// corrupt changes data in place and says how.
func corrupt(data []byte, rng *rand.Rand) string {
	at := rng.IntN(len(data))
	switch rng.IntN(4) {
	case 0:
		bit := rng.IntN(8)
		data[at] ^= 1 << bit
		return fmt.Sprintf("bit %d of byte %d flipped", bit, at)
	case 1:
		data[at] = byte(rng.Uint32())
		return fmt.Sprintf("byte %d set to %#x", at, data[at])
	case 2:
		end := min(len(data), at+1+rng.IntN(64))
		clear(data[at:end])
		return fmt.Sprintf("bytes %d to %d zeroed", at, end)
	default:
		end := min(len(data), at+8)
		for i := at; i < end; i++ {
			data[i] = 0xFF
		}
		return fmt.Sprintf("bytes %d to %d set to 0xff", at, end)
	}
}
