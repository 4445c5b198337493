package extra_test

import (
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/scalibr/extra"
)

func ExampleDetectors() {
	extras, err := extra.Detectors()
	if err != nil {
		panic(err)
	}
	// catalog.Options{Detectors: append(catalog.Detectors(), extras...)} uses them.
	for _, path := range []string{"snap/core/current/meta/snap.yaml", "src/conan.lock", "usr/bin/bash"} {
		for _, d := range extras {
			if d.Wants(&detect.Entry{Path: path, Size: 100, Mode: 0o755}) {
				fmt.Println(path, d.ID().Name)
			}
		}
	}
	// Output:
	// snap/core/current/meta/snap.yaml scalibr/os/snap
	// src/conan.lock scalibr/cpp/conanlock
}
