package detect_test

import (
	"fmt"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

func ExampleLicense() {
	for _, text := range []string{"mit", "GPL-2.0+ or Apache License, Version 2.0", "Apache License, Version 2.0", "BSD"} {
		l := detect.License(text, "META-INF/pom.xml")
		fmt.Printf("%q from %q\n", l.Expression, l.Name)
	}
	// Output:
	// "MIT" from "mit"
	// "" from "GPL-2.0+ or Apache License, Version 2.0"
	// "Apache-2.0" from "Apache License, Version 2.0"
	// "" from "BSD"
}

func TestLicense(t *testing.T) {
	for text, want := range map[string]sbom.License{
		"":                      {},
		" \n":                   {},
		"MIT":                   {Expression: "MIT", Location: "p"},
		" MIT ":                 {Expression: "MIT", Location: "p"},
		"(gpl-2.0+ OR mit)":     {Expression: "GPL-2.0-or-later OR MIT", Name: "(gpl-2.0+ OR mit)", Location: "p"},
		"LicenseRef-Acme":       {Expression: "LicenseRef-Acme", Location: "p"},
		"NOASSERTION":           {Name: "NOASSERTION", Location: "p"},
		"ask the author kindly": {Name: "ask the author kindly", Location: "p"},
	} {
		if got := detect.License(text, "p"); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}
