package fileindex_test

import (
	"bytes"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex"
)

// An index of one file, and what it says of that file.
func Example() {
	buildID := []byte("\x6c\x1f\x0a\x3b\x2e\x4d\x5f\x60\x71\x82\x93\xa4\xb5\xc6\xd7\xe8\xf9\x0a\x1b\x2c")
	var b fileindex.Builder
	err := b.Add(&fileindex.Entry{Kind: fileindex.BuildID, ID: buildID,
		Record: fileindex.Record{Name: "nginx", Version: "1.22.1-9", PURL: "pkg:deb/debian/nginx@1.22.1-9?arch=amd64"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		fmt.Println(err)
		return
	}

	x, err := fileindex.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	records, err := x.Find(fileindex.BuildID, buildID)
	fmt.Println(records[0].PURL, err)
	// Output: pkg:deb/debian/nginx@1.22.1-9?arch=amd64 <nil>
}
