package gomod_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/gomod"
)

func ExampleNew() {
	const mod = "module example.com/m\nrequire example.com/a/b v1.2.0 // indirect\n"
	f := &detect.File{
		Entry:    detect.Entry{Path: "srv/go.mod", Size: int64(len(mod))},
		ReaderAt: strings.NewReader(mod),
	}
	d := gomod.New()
	if !d.Wants(&f.Entry) {
		return
	}
	frag, err := d.Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Scope)
	// Output: pkg:golang/example.com/a/b@v1.2.0 declared
}
