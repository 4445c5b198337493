package npm_test

import (
	"context"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/npm"
)

func ExampleNew() {
	const manifest = `{"name": "@babel/core", "version": "7.20.12", "license": "MIT"}`
	f := detecttest.File{Path: "app/node_modules/@babel/core/package.json", Data: []byte(manifest)}.Open()
	frag, err := npm.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Licenses[0].Expression)
	// Output: pkg:npm/%40babel/core@7.20.12 MIT
}
