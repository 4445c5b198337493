package score_test

import (
	"fmt"

	"github.com/imagetrust/imagetrust/internal/bench/compare/score"
	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

func ExampleAgainst() {
	image := &truth.Image{Packages: []truth.Package{
		{Ecosystem: truth.Debian, Name: "bash", Version: "5.2-1", Layer: 2},
		{Ecosystem: truth.Debian, Name: "sed", Version: "4.9-1"},
	}}
	report := &score.Report{Installed: []score.Package{
		{Ecosystem: truth.Debian, Name: "bash", Version: "5.2-1", Layer: 2, Introduced: 0},
		{Ecosystem: truth.Debian, Name: "zsh", Version: "5.9-4"},
	}}
	for _, e := range score.Against(image, report, nil).Ecosystems {
		fmt.Printf("%s: %d of %d, missing %q, extra %q, layers right %d\n", e.Ecosystem, e.Found, e.Truth, e.Missing, e.Extra, e.Layers)
	}
	// Output: deb: 1 of 2, missing ["sed 4.9-1"], extra ["zsh 5.9-4"], layers right 1
}
