package gomod_test

import (
	"context"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/gomod"
)

func ExampleNew() {
	const mod = "module example.com/m\nrequire example.com/a/b v1.2.0 // indirect\n"
	f := detecttest.File{Path: "srv/go.mod", Data: []byte(mod)}.Open()
	frag, err := gomod.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Scope)
	// Output: pkg:golang/example.com/a/b@v1.2.0 declared
}
