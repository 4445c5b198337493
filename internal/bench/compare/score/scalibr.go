package score

import (
	"fmt"
	"io"
	"strconv"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

// Scalibr reads a scan result of osv-scalibr in its text form. All packages in it
// count as installed, and none is said to be a Go program: scalibr makes no difference.
func Scalibr(r io.Reader) (*Report, error) {
	root, err := readText(r)
	if err != nil {
		return nil, err
	}
	inv := root.message("inventory")
	layers := scalibrLayers(inv.message("container_image_metadata"))
	report := new(Report)
	for _, m := range inv.all("packages") {
		p, ok := fromPURL(m.message("purl").field("purl"))
		if !ok {
			continue
		}
		if p.Ecosystem != truth.Debian {
			p.Path = outermost(m.field("locations"))
		}
		if at := m.message("container_image_metadata_indexes"); at != nil {
			if p.Layer, err = scalibrLayer(at.field("layer_index"), layers); err != nil {
				return nil, err
			}
		}
		report.Installed = append(report.Installed, p)
	}
	return report, nil
}

// scalibrLayers returns for each of scalibr's layers, which also count the history's
// empty ones, the index among those of the image.
func scalibrLayers(m *message) []int {
	var layers []int
	n := 0
	for _, l := range m.all("layer_metadata") {
		if l.field("is_empty") == "true" {
			layers = append(layers, Unknown)
			continue
		}
		layers = append(layers, n)
		n++
	}
	return layers
}

func scalibrLayer(index string, layers []int) (int, error) {
	if index == "" {
		index = "0" // as protocol buffers have it
	}
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(layers) {
		return 0, fmt.Errorf("%w: layer %q of %d", errText, index, len(layers))
	}
	return layers[i], nil
}
