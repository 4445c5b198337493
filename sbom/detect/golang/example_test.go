package golang_test

import (
	"context"
	"fmt"
	"os"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/golang"
)

// The example detects the program that runs it.
func ExampleNew() {
	exe, err := os.Executable()
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := os.Open(exe)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		fmt.Println(err)
		return
	}
	f := &detect.File{
		Entry:    detect.Entry{Path: "usr/bin/app", Mode: info.Mode(), Size: info.Size()},
		ReaderAt: file,
	}
	frag, err := golang.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range frag.Components {
		if c.Type == sbom.TypeApplication {
			fmt.Println(c.Name)
		}
	}
	// Output: github.com/imagetrust/imagetrust
}
