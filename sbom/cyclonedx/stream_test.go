package cyclonedx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
	"github.com/imagetrust/imagetrust/sbom"
)

// repeated is a document with the same element many times, which is never in
// memory.
type repeated struct {
	head, element, between, tail string
	n                            int // how many elements are still to come
	text                         string
	read                         int // how many bytes were taken
}

func (r *repeated) Read(b []byte) (int, error) {
	if r.text == "" {
		switch {
		case r.head != "":
			r.text, r.head = r.head, ""
		case r.n > 0:
			r.text = r.element
			if r.n--; r.n > 0 {
				r.text += r.between
			}
		case r.tail != "":
			r.text, r.tail = r.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(b, r.text)
	r.text = r.text[n:]
	r.read += n
	return n, nil
}

func million() map[string]*repeated {
	return map[string]*repeated{
		"JSON": {head: `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[`, element: `{"type":"library","name":"x","version":"1"}`, between: ",", tail: "]}", n: 1_000_000},
		"XML": {head: `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>`, element: `<component type="library"><name>x</name><version>1</version></component>`,
			tail: "</components></bom>", n: 1_000_000},
		"vulnerabilities": {head: `{"bomFormat":"CycloneDX","specVersion":"1.6","vulnerabilities":[`, element: `{"id":"CVE-2024-0001","description":"` + strings.Repeat("x", 50) + `"}`, between: ",", tail: "]}", n: 1_000_000},
		"one string":      {head: `{"bomFormat":"`, element: strings.Repeat("x", 1000), tail: `"}`, n: 1_000_000},
		"depth":           {head: `{"components":`, element: `[{"components":`, n: 1_000_000},
	}
}

// TestMillion: a document with a million components is refused when the limit is
// reached, and not when all of it was read.
func TestMillion(t *testing.T) {
	for name, doc := range million() {
		limits := &DecodeOptions{MaxComponents: 5000, MaxBytes: 2 << 20}
		inv, err := Decode(doc, limits)
		if inv != nil || !errors.Is(err, ErrLimit) {
			t.Errorf("%s: %v, error %v", name, inv, err)
		}
		if doc.read > 3<<20 {
			t.Errorf("%s: %d bytes were read", name, doc.read)
		}
	}
}

// TestSkipped: what is not kept of a document needs no memory, however much it is.
func TestSkipped(t *testing.T) {
	doc := million()["vulnerabilities"]
	doc.n = 50_000
	allocated := testing.AllocsPerRun(1, func() {
		again := *doc
		var losses []sbom.Loss
		if _, err := Decode(&again, &DecodeOptions{Losses: &losses}); err != nil || losses[0].Count != 50_000 {
			t.Fatalf("losses %v, error %v", losses, err)
		}
	})
	if allocated > 50_500 { // one for the error-free call of UnmarshalJSON each
		t.Errorf("%.0f allocations", allocated)
	}
}

// TestStrange: however many parts a document has that CycloneDX does not, they are
// summed up, in linear time.
func TestStrange(t *testing.T) {
	const n = 30_000
	var b, x strings.Builder
	b.WriteString(`{"bomFormat":"CycloneDX","specVersion":"1.6"`)
	x.WriteString(`<bom xmlns="http://cyclonedx.org/schema/bom/1.6">`)
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":1`, i)
		fmt.Fprintf(&x, `<element%d/>`, i)
	}
	for _, text := range []string{b.String() + "}", x.String() + "</bom>"} {
		_, losses := decodeText(t, text)
		sum := 0
		for _, l := range losses {
			sum += l.Count
		}
		if sum != n || len(losses) != 101 {
			t.Errorf("%d losses in %d kinds", sum, len(losses))
		}
	}
}

// sampled calls note some times while size bytes pass through it.
type sampled struct {
	io.Reader
	step, next, n int
	note          func()
}

func newSampled(r io.Reader, size int, note func()) *sampled {
	return &sampled{Reader: r, step: size / 8, next: size / 8, note: note}
}

func (s *sampled) pass(n int) {
	if s.n += n; s.n >= s.next {
		s.next += s.step
		s.note()
	}
}

func (s *sampled) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b[:min(len(b), 32<<10)])
	s.pass(n)
	return n, err
}

func (s *sampled) Write(b []byte) (int, error) {
	s.pass(len(b))
	return len(b), nil
}

// live returns how many bytes of the heap are in use.
func live() int64 {
	runtime.GC()
	runtime.GC() // what is in pools survives one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

const benchComponents = 4000

func decoders() map[string]func(io.Reader, cdx.BOMFileFormat) (any, error) {
	return map[string]func(io.Reader, cdx.BOMFileFormat) (any, error){
		"imagetrust": func(r io.Reader, _ cdx.BOMFileFormat) (any, error) { return Decode(r, nil) },
		"cyclonedx-go": func(r io.Reader, format cdx.BOMFileFormat) (any, error) {
			bom := new(cdx.BOM)
			return bom, cdx.NewBOMDecoder(r, format).Decode(bom)
		},
	}
}

// BenchmarkDecode reads a document of 4,000 components beside cyclonedx-go. Peak
// is the most heap in use while it is read, result what the result holds, both
// in bytes a component.
func BenchmarkDecode(b *testing.B) {
	inv := documenttest.Large(benchComponents)
	for name, format := range map[string]cdx.BOMFileFormat{"JSON": cdx.BOMFileFormatJSON, "XML": cdx.BOMFileFormatXML} {
		opts := &Options{Format: JSON}
		if name == "XML" {
			opts.Format = XML
		}
		text := encode(b, inv, opts)
		for who, decode := range decoders() {
			b.Run(name+"/"+who, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					if _, err := decode(bytes.NewReader(text), format); err != nil {
						b.Fatal(err)
					}
				}
				before, peak := live(), int64(0)
				r := newSampled(bytes.NewReader(text), len(text), func() { peak = max(peak, live()) })
				result, err := decode(r, format)
				if err != nil {
					b.Fatal(err)
				}
				after := live()
				runtime.KeepAlive(result)
				b.ReportMetric(float64(max(peak, after)-before)/benchComponents, "peak-B/component")
				b.ReportMetric(float64(after-before)/benchComponents, "result-B/component")
				b.ReportMetric(float64(len(text))/benchComponents, "text-B/component")
			})
		}
	}
}

// BenchmarkEncode writes an inventory of 4,000 components. Peak is the heap in
// use beyond the inventory, in bytes a component; that of cyclonedx-go is beyond
// its own tree.
func BenchmarkEncode(b *testing.B) {
	inv := documenttest.Large(benchComponents)
	for name, format := range map[string]Format{"JSON": JSON, "XML": XML} {
		opts := &Options{Format: format}
		text := encode(b, inv, opts)
		bom := new(cdx.BOM)
		theirs := cdx.BOMFileFormatJSON
		if format == XML {
			theirs = cdx.BOMFileFormatXML
		}
		if err := cdx.NewBOMDecoder(bytes.NewReader(text), theirs).Decode(bom); err != nil {
			b.Fatal(err)
		}
		for who, write := range map[string]func(io.Writer) error{
			"imagetrust":   func(w io.Writer) error { _, err := Encode(w, inv, opts); return err },
			"cyclonedx-go": func(w io.Writer) error { return cdx.NewBOMEncoder(w, theirs).Encode(bom) },
		} {
			b.Run(name+"/"+who, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := write(io.Discard); err != nil {
						b.Fatal(err)
					}
				}
				before, peak := live(), int64(0)
				if err := write(newSampled(nil, len(text), func() { peak = max(peak, live()) })); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(peak-before)/benchComponents, "peak-B/component")
			})
		}
	}
}

func ExampleDecode_losses() {
	var losses []sbom.Loss
	_, err := Decode(strings.NewReader(`{"bomFormat":"CycloneDX","specVersion":"1.5","vulnerabilities":[{"id":"CVE-2024-1"},{"id":"CVE-2024-2"}]}`), &DecodeOptions{Losses: &losses})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range losses {
		fmt.Printf("%d %s: %s\n", l.Count, l.Field, l.Reason)
	}
	// Output: 2 vulnerabilities: an inventory has no place for it
}
