package binary_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/detect/binary"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/elftest"
)

// A web server under a name that says nothing, with a library in it.
func ExampleDetector_Identify() {
	file := elftest.File{Text: "\x00nginx version: nginx/1.22.1\x00 inflate 1.2.13 Copyright 1995-2022 Mark Adler \x00"}
	content := file.Bytes()

	d, err := binary.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := d.Identify(context.Background(), "opt/app/server", int64(len(content)), bytes.NewReader(content))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Describe())
	for _, f := range report.Findings {
		fmt.Printf("%s %s: %s, %q\n", f.Relation, f.PURL, f.Rule(), f.Evidence[0].Text)
	}
	// Output:
	// ELF amd64 static program, 2 texts like versions
	// is pkg:generic/nginx@1.22.1: table-self, "nginx version: nginx/1.22.1"
	// contains pkg:generic/zlib@1.2.13: table, "inflate 1.2.13 Copyright 1995-2022 Mark Adler"
}
