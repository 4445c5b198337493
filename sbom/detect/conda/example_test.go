package conda_test

import (
	"context"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/detect/conda"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

func ExampleNew() {
	const record = `{"name": "zlib", "version": "1.3.1", "build": "h4ab18f5_1", "channel": "conda-forge", "subdir": "linux-64",
		"fn": "zlib-1.3.1-h4ab18f5_1.conda", "files": ["lib/libz.so"]}`
	f := detecttest.File{Path: "opt/conda/conda-meta/zlib-1.3.1-h4ab18f5_1.json", Data: []byte(record)}.Open()
	frag, err := conda.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL)
	fmt.Println("owns", frag.Claims[0].Path)
	// Output:
	// pkg:conda/zlib@1.3.1?build=h4ab18f5_1&channel=conda-forge&subdir=linux-64&type=conda
	// owns opt/conda/lib/libz.so
}
