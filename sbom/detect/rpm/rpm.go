// Package rpm is a detector.
package rpm

import (
	"context"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// New returns the detector. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "rpm", Version: "1"} }

// Wants implements detect.Detector.
func (detector) Wants(*detect.Entry) bool { return false }

// Detect implements detect.Detector.
func (detector) Detect(context.Context, *detect.File) (*detect.Fragment, error) { return nil, nil }
