package detect_test

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// models detects what a company keeps in its images: files such as
// models/fraud-2.1.model, whose name says what they are.
type models struct{}

func (models) ID() detect.ID { return detect.ID{Name: "models", Version: "1"} }

func (models) Wants(e *detect.Entry) bool {
	return path.Ext(e.Path) == ".model" && strings.HasPrefix(e.Path, "models/")
}

func (models) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	name, version, ok := strings.Cut(strings.TrimSuffix(path.Base(f.Path), ".model"), "-")
	if !ok {
		// No version, no component: the error becomes a gap.
		return nil, fmt.Errorf("%w: a model without a version", detect.ErrFormat)
	}
	c := detect.Component{Key: name, Component: sbom.Component{
		Type: sbom.TypeFile, Name: name, Version: version, PURL: sbom.NewPURL("generic", "acme", name, version, nil),
		Hashes:   []sbom.Digest{f.Digest},
		Evidence: []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueFilename, Confidence: 0.7, Value: f.Path}},
	}}
	return &detect.Fragment{Components: []detect.Component{c}}, nil
}

// A detector of one's own works beside those that come with the module.
func ExampleDetector() {
	root, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(root)
	for _, name := range []string{"fraud-2.1.model", "untitled.model"} {
		if err := os.MkdirAll(filepath.Join(root, "models"), 0o755); err != nil {
			fmt.Println(err)
			return
		}
		if err := os.WriteFile(filepath.Join(root, "models", name), []byte("weights"), 0o644); err != nil {
			fmt.Println(err)
			return
		}
	}
	img, err := image.OpenDir(root, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	inv, err := catalog.Image(context.Background(), img, &catalog.Options{Detectors: append(catalog.Detectors(), models{})})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range inv.Components {
		fmt.Println(c.PURL, "found by", c.Evidence[0].Detector)
	}
	for _, g := range inv.Gaps {
		fmt.Println("gap:", g.Path)
	}
	// Output:
	// pkg:generic/acme/fraud@2.1 found by models@1
	// gap: models/untitled.model
}
