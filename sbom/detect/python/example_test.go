package python_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/python"
)

func ExampleNew() {
	const metadata = "Metadata-Version: 2.1\nName: Flask_Login\nVersion: 0.6.3\nLicense: MIT\n"
	f := &detect.File{
		Entry: detect.Entry{
			Path: "usr/lib/python3/dist-packages/Flask_Login-0.6.3.dist-info/METADATA",
			Size: int64(len(metadata)),
		},
		ReaderAt: strings.NewReader(metadata),
	}
	d := python.New()
	if !d.Wants(&f.Entry) {
		return
	}
	frag, err := d.Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := frag.Components[0]
	fmt.Println(c.Name, c.PURL)
	// Output: Flask_Login pkg:pypi/flask-login@0.6.3
}
