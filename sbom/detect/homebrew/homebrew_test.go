package homebrew_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/homebrew"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

const receipt = "home/linuxbrew/.linuxbrew/Cellar/jq/1.7.1/INSTALL_RECEIPT.json"

func Example() {
	data := `{"source": {"tap": "homebrew/core"}, "runtime_dependencies": [{"full_name": "oniguruma"}]}`
	f := &detect.File{
		Entry:    detect.Entry{Path: "home/linuxbrew/.linuxbrew/Cellar/jq/1.7.1/INSTALL_RECEIPT.json", Size: int64(len(data))},
		ReaderAt: strings.NewReader(data),
	}
	frag, err := homebrew.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL)
	fmt.Println(frag.Relations[0].Type, frag.Relations[0].To)
	// Output:
	// pkg:brew/homebrew/core/jq@1.7.1
	// depends-on home/linuxbrew/.linuxbrew/Cellar/oniguruma
}

func TestQuirks(t *testing.T) {
	golden.Check(t, homebrew.New(), golden.Files(t, "testdata/quirks.txtar"), "testdata/quirks.golden")
}

func TestConformance(t *testing.T) {
	detecttest.Run(t, homebrew.New(), golden.Files(t, "testdata/quirks.txtar")...)
}

func TestWants(t *testing.T) {
	for p, want := range map[string]bool{
		receipt:                              true,
		"Cellar/jq/1.7.1/sbom.spdx.json":     true,
		"Cellar/jq/INSTALL_RECEIPT.json":     false,
		"Cellar/jq/1/x/INSTALL_RECEIPT.json": false,
		"opt/a/1/INSTALL_RECEIPT.json":       false,
		"sbom.spdx.json":                     false,
		"Caskroom/x/1/INSTALL_RECEIPT.json":  false,
	} {
		if got := homebrew.New().Wants(&detect.Entry{Path: p}); got != want {
			t.Errorf("Wants(%s) = %v", p, got)
		}
	}
}

func TestLimits(t *testing.T) {
	var many strings.Builder
	many.WriteString(`{"runtime_dependencies": [{"full_name":"a"}`)
	for i := range 1<<12 + 1 {
		fmt.Fprintf(&many, `,{"full_name":"p%d"}`, i)
	}
	many.WriteString("]}")
	for _, data := range []string{strings.Repeat(" ", 8<<20+1), many.String()} {
		f := &detect.File{Entry: detect.Entry{Path: receipt, Size: int64(len(data))}, ReaderAt: strings.NewReader(data)}
		frag, err := homebrew.New().Detect(context.Background(), f)
		if !errors.Is(err, detect.ErrLimit) {
			t.Errorf("%d bytes: error %v", len(data), err)
		}
		if frag != nil && len(frag.Components) != 1 {
			t.Error("the package was lost with its dependencies")
		}
	}
}

// FuzzDetect checks the contract, and that every receipt is an error, a component or a
// gap.
func FuzzDetect(f *testing.F) {
	files := golden.Files(f, "testdata/quirks.txtar")
	for i, q := range files {
		f.Add(uint8(i), q.Data)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		p := files[int(which)%len(files)].Path
		if err := detecttest.Check(homebrew.New(), detecttest.File{Path: p, Data: data}); err != nil {
			t.Fatal(err)
		}
		frag, err := homebrew.New().Detect(context.Background(), &detect.File{
			Entry: detect.Entry{Path: p, Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)})
		if strings.HasSuffix(p, "RECEIPT.json") && err == nil && len(frag.Components)+len(frag.Gaps) == 0 {
			t.Fatalf("nothing is said about %q", data)
		}
	})
}

func BenchmarkReceipt(b *testing.B) {
	data := golden.Files(b, "testdata/quirks.txtar")[0].Data
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f := &detect.File{Entry: detect.Entry{Path: receipt, Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)}
		if _, err := homebrew.New().Detect(context.Background(), f); err != nil {
			b.Fatal(err)
		}
	}
}
