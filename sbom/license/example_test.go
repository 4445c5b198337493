package license_test

import (
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/license"
)

func ExampleRecognize() {
	found, _ := license.Recognize([]byte(`
		This program is free software; you can redistribute it and/or modify
		it under the terms of the GNU General Public License as published by
		the Free Software Foundation; either version 2 of the License, or
		(at your option) any later version.`))
	for _, l := range found {
		fmt.Println(l.Expression, l.Acknowledgement)
	}
	// Output: GPL-2.0-or-later found
}
