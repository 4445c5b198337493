package jslock_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/jslock"
)

func ExampleNew() {
	const lock = `{"lockfileVersion": 3, "packages": {
		"node_modules/debug": {"version": "4.3.4", "dependencies": {"ms": "2.1.2"}},
		"node_modules/ms": {"version": "2.1.2"}}}`
	f := &detect.File{
		Entry:    detect.Entry{Path: "srv/package-lock.json", Size: int64(len(lock))},
		ReaderAt: strings.NewReader(lock),
	}
	d := jslock.New()
	if !d.Wants(&f.Entry) {
		return
	}
	frag, err := d.Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range frag.Components {
		fmt.Println(c.PURL, c.Scope)
	}
	for _, r := range frag.Relations {
		fmt.Println(r.From, r.Type, r.To)
	}
	// Output:
	// pkg:npm/debug@4.3.4 declared
	// pkg:npm/ms@2.1.2 declared
	// srv debug depends-on srv ms
}
