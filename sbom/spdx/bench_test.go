package spdx

import (
	"bytes"
	"encoding/json"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/spdx/tools-golang/spdx/v2/v2_3"
	tagvalue "github.com/spdx/tools-golang/spdx/v2/v2_3/tagvalue/reader"
	"github.com/spdx/tools-golang/tagvalue/reader"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
)

const benchComponents = 5000

var formats = []struct {
	name   string
	format Format
}{{"JSON22", JSON22}, {"TagValue22", TagValue22}, {"JSON23", JSON23}, {"TagValue23", TagValue23}, {"JSON301", JSON301}}

// perComponent runs f, and then once more to report the most memory that is alive at
// once, for each component, beyond what was before.
func perComponent(b *testing.B, f func()) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	runtime.GC()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	live := func() uint64 { metrics.Read(sample); return sample[0].Value.Uint64() }
	before, peak := live(), uint64(0)
	stop := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		tick := time.NewTicker(200 * time.Microsecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				peak = max(peak, live())
			}
		}
	})
	f()
	close(stop)
	watch.Wait()
	b.ReportMetric(float64(max(peak, before)-before)/benchComponents, "live-B/component")
}

func BenchmarkEncode(b *testing.B) {
	inv := documenttest.Large(benchComponents)
	for _, f := range formats {
		b.Run(f.name, func(b *testing.B) {
			perComponent(b, func() {
				if _, err := Encode(io.Discard, inv, &Options{Format: f.format}); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	inv := documenttest.Large(benchComponents)
	for _, f := range formats {
		text := encode(b, inv, &Options{Format: f.format})
		b.Run(f.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			perComponent(b, func() {
				if _, err := Decode(bytes.NewReader(text), nil); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkToolsGolang is the same with spdx/tools-golang, which gives its own
// document and no inventory. Its reader of SPDX 3 is not linked here.
func BenchmarkToolsGolang(b *testing.B) {
	inv := documenttest.Large(benchComponents)
	read := map[Format]func([]byte) error{
		JSON23: func(text []byte) error {
			var d v2_3.Document
			return json.Unmarshal(text, &d)
		},
		TagValue23: func(text []byte) error {
			pairs, err := reader.ReadTagValues(bytes.NewReader(text))
			if err == nil {
				_, err = tagvalue.ParseTagValues(pairs)
			}
			return err
		},
	}
	for _, f := range formats {
		if read[f.format] == nil {
			continue
		}
		text := encode(b, inv, &Options{Format: f.format})
		b.Run("Decode/"+f.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			perComponent(b, func() {
				if err := read[f.format](text); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
