package document

import (
	"fmt"

	"github.com/imagetrust/imagetrust/sbom"
)

// maxGaps is how many contradictions of one document are told one by one. A
// document can contradict itself in four bytes; a gap takes a hundred times that.
const maxGaps = 10_000

// Gaps collects what a document contradicts itself about.
type Gaps struct {
	list []sbom.Gap
	more int
}

// Add records a gap about a component, if any.
func (g *Gaps) Add(kind sbom.GapKind, component, format string, args ...any) {
	if len(g.list) == maxGaps {
		g.more++
		return
	}
	g.list = append(g.list, sbom.Gap{Kind: kind, Component: component, Message: fmt.Sprintf(format, args...)})
}

// List returns the gaps; the last one says how many more there were.
func (g *Gaps) List() []sbom.Gap {
	if g.more > 0 {
		return append(g.list, sbom.Gap{Kind: sbom.GapLimit, Message: fmt.Sprintf("%d more contradictions in the document", g.more)})
	}
	return g.list
}
