package pylock_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
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
	f := &detect.File{
		Entry:    detect.Entry{Path: "srv/uv.lock", Size: int64(len(lock))},
		ReaderAt: strings.NewReader(lock),
	}
	d := pylock.New()
	if !d.Wants(&f.Entry) {
		return
	}
	frag, err := d.Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Scope)
	// Output: pkg:pypi/flask-login@0.6.3 declared
}
