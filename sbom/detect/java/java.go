// Package java finds Java archives.
package java

import (
	"context"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

type detector struct{}

// New returns the detector.
func New(opts *Options) detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "java", Version: "1"} }

func (detector) Wants(e *detect.Entry) bool { return false }

func (detector) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) { return nil, nil }

// Options bound the work on one archive. The zero value and nil are the defaults.
type Options struct{}
