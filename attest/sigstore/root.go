package sigstore

import (
	"fmt"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// maxRoot bounds a trusted root; that of the public instance has 7 kB.
const maxRoot = 1 << 20

// parseRoot reads a trusted root. The error is an attest.ErrRoot.
func parseRoot(data []byte) (*root.TrustedRoot, error) {
	if len(data) > maxRoot {
		return nil, fmt.Errorf("%w: %w: %d bytes", attest.ErrRoot, attest.ErrLimit, len(data))
	}
	if err := strictjson.Check(data); err != nil {
		return nil, fmt.Errorf("%w: %w", attest.ErrRoot, err)
	}
	r, err := root.NewTrustedRootFromJSON(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", attest.ErrRoot, err)
	}
	return r, nil
}
