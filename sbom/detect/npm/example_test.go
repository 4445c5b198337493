package npm_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/npm"
)

func ExampleNew() {
	const manifest = `{"name": "@babel/core", "version": "7.20.12", "license": "MIT"}`
	f := &detect.File{
		Entry:    detect.Entry{Path: "app/node_modules/@babel/core/package.json", Size: int64(len(manifest))},
		ReaderAt: strings.NewReader(manifest),
	}
	d := npm.New()
	if !d.Wants(&f.Entry) {
		return
	}
	frag, err := d.Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Licenses[0].Expression)
	// Output: pkg:npm/%40babel/core@7.20.12 MIT
}
