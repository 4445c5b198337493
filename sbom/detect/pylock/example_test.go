package pylock_test

import (
	"context"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/pylock"
)

func ExampleNew() {
	const lock = `
version = 1
[[package]]
name = "Flask_Login"
version = "0.6.3"
source = { registry = "https://pypi.org/simple" }
`
	f := detecttest.File{Path: "srv/uv.lock", Data: []byte(lock)}.Open()
	frag, err := pylock.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Scope)
	// Output: pkg:pypi/flask-login@0.6.3 declared
}
