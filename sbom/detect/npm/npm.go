// Package npm finds Node packages.
package npm

import (
	"context"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

type detector struct{}

// New returns the detector.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "npm", Version: "1"} }

func (detector) Wants(e *detect.Entry) bool { return false }

func (detector) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) { return nil, nil }
