package java_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/java"
)

func ExampleNew() {
	var jar bytes.Buffer
	z := zip.NewWriter(&jar)
	w, err := z.Create("META-INF/maven/org.example/lib/pom.properties")
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := io.WriteString(w, "groupId=org.example\nartifactId=lib\nversion=1.2\n"); err != nil {
		fmt.Println(err)
		return
	}
	if err := z.Close(); err != nil {
		fmt.Println(err)
		return
	}

	f := &detect.File{
		Entry:    detect.Entry{Path: "opt/app/lib-1.2.jar", Size: int64(jar.Len())},
		ReaderAt: bytes.NewReader(jar.Bytes()),
	}
	frag, err := java.New(nil).Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL)
	// Output: pkg:maven/org.example/lib@1.2
}
