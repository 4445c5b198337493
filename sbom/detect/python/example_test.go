package python_test

import (
	"context"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/python"
)

func ExampleNew() {
	const metadata = "Metadata-Version: 2.1\nName: Flask_Login\nVersion: 0.6.3\nLicense: MIT\n"
	f := detecttest.File{Path: "usr/lib/python3/dist-packages/Flask_Login-0.6.3.dist-info/METADATA", Data: []byte(metadata)}.Open()
	frag, err := python.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := frag.Components[0]
	fmt.Println(c.Name, c.PURL)
	// Output: Flask_Login pkg:pypi/flask-login@0.6.3
}
