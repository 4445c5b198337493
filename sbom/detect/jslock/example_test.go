package jslock_test

import (
	"context"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/jslock"
)

func ExampleNew() {
	const lock = `{"lockfileVersion": 3, "packages": {
		"node_modules/debug": {"version": "4.3.4", "dependencies": {"ms": "2.1.2"}},
		"node_modules/ms": {"version": "2.1.2"}}}`
	f := detecttest.File{Path: "srv/package-lock.json", Data: []byte(lock)}.Open()
	frag, err := jslock.New().Detect(context.Background(), f)
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
