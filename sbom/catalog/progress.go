package catalog

import (
	"sync"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// Progress is how far [Image] has come.
type Progress struct {
	// Layers is the number of layers, LayersDone how many have been read or
	// loaded, and LayersCached how many of these were in Options.Cache.
	Layers, LayersDone, LayersCached int
	// BytesTotal is the size of all layers as stored; BytesDone is that of the
	// layers done.
	BytesTotal, BytesDone int64
	// BytesFiles is the size of all files seen so far, as they are in the image.
	BytesFiles int64
	// Components is the number of components found so far, in all layers and
	// before they are compared.
	Components int
}

// progressStep is how many bytes of files go by between two reports.
const progressStep = 8 << 20

// meter sums up what all layers do, and reports it.
type meter struct {
	report func(Progress)

	mu   sync.Mutex
	p    Progress
	next int64
}

// entry counts a file of the given size.
func (m *meter) entry(size int64) {
	if m.report == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.p.BytesFiles += size
	if m.p.BytesFiles >= m.next {
		m.next = m.p.BytesFiles + progressStep
		m.report(m.p)
	}
}

func (m *meter) found(components int) {
	if m.report == nil || components == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.p.Components += components
}

func (m *meter) layerDone(size int64) {
	if m.report == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.p.LayersDone++
	m.p.BytesDone += size
	m.report(m.p)
}

// cached counts layers that were not read, and what they have.
func (m *meter) cached(layers int, size, files int64, components int) {
	if m.report == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.p.LayersDone += layers
	m.p.LayersCached += layers
	m.p.BytesDone += size
	m.p.BytesFiles += files
	m.p.Components += components
	m.report(m.p)
}

func newMeter(report func(Progress), layers []*image.Layer) *meter {
	m := &meter{report: report, p: Progress{Layers: len(layers)}}
	for _, l := range layers {
		m.p.BytesTotal += l.Info().Size
	}
	return m
}
