package homebrew_test

import (
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
	f := detecttest.File{Path: "home/linuxbrew/.linuxbrew/Cellar/jq/1.7.1/INSTALL_RECEIPT.json", Data: []byte(data)}.Open()
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
	golden.WantsEmpty(t, homebrew.New(), map[string]bool{
		receipt:                              true,
		"Cellar/jq/1.7.1/sbom.spdx.json":     true,
		"Cellar/jq/INSTALL_RECEIPT.json":     false,
		"Cellar/jq/1/x/INSTALL_RECEIPT.json": false,
		"opt/a/1/INSTALL_RECEIPT.json":       false,
		"sbom.spdx.json":                     false,
		"Caskroom/x/1/INSTALL_RECEIPT.json":  false,
	})
}

func TestLimits(t *testing.T) {
	var many strings.Builder
	many.WriteString(`{"runtime_dependencies": [{"full_name":"a"}`)
	for i := range 1<<12 + 1 {
		fmt.Fprintf(&many, `,{"full_name":"p%d"}`, i)
	}
	many.WriteString("]}")
	for _, data := range []string{strings.Repeat(" ", 8<<20+1), many.String()} {
		f := detecttest.File{Path: receipt, Data: []byte(data)}.Open()
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
	golden.Fuzz(f, homebrew.New(), golden.Files(f, "testdata/quirks.txtar"), golden.Told(func(in detecttest.File) bool {
		return strings.HasSuffix(in.Path, "RECEIPT.json")
	}))
}

func BenchmarkReceipt(b *testing.B) {
	data := golden.Files(b, "testdata/quirks.txtar")[0].Data
	golden.Benchmark(b, homebrew.New(), detecttest.File{Path: receipt, Data: data})
}
