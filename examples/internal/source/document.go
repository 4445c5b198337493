package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/cyclonedx"
	"github.com/imagetrust/imagetrust/sbom/spdx"
	"github.com/imagetrust/imagetrust/scan/report"
)

// maxDocument bounds what is read of a document, in bytes.
const maxDocument = 256 << 20

// Document reads an SBOM or a scanner's report, whichever file is.
func Document(file string) (reconcile.Input, error) {
	b, err := read(file)
	if err != nil {
		return reconcile.Input{}, err
	}
	in, err := decode(b)
	if err != nil {
		return reconcile.Input{}, fmt.Errorf("%s: %w", file, err)
	}
	sum := sha256.Sum256(b)
	in.Name, in.Digest = file, sbom.Digest("sha256:"+hex.EncodeToString(sum[:]))
	return in, nil
}

func read(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err == nil && len(b) > maxDocument {
		err = fmt.Errorf("%s: more than %d bytes", file, maxDocument)
	}
	return b, err
}

// decode tries the readers in turn. A CycloneDX document with vulnerabilities is
// both an SBOM and a report.
func decode(b []byte) (in reconcile.Input, err error) {
	rep, reportErr := report.Decode(bytes.NewReader(b), nil)
	if reportErr == nil && len(rep.Findings) > 0 {
		return reconcile.Input{Report: rep, Inventory: rep.Inventory}, nil
	}
	inv, cdxErr := cyclonedx.Decode(bytes.NewReader(b), nil)
	if cdxErr == nil {
		return reconcile.Input{Inventory: inv}, nil
	}
	inv, spdxErr := spdx.Decode(bytes.NewReader(b), nil)
	if spdxErr == nil {
		return reconcile.Input{Inventory: inv}, nil
	}
	if reportErr == nil {
		return reconcile.Input{Report: rep, Inventory: rep.Inventory}, nil
	}
	for _, err := range []error{reportErr, cdxErr, spdxErr} {
		if !errors.Is(err, report.ErrFormat) && !errors.Is(err, cyclonedx.ErrFormat) && !errors.Is(err, spdx.ErrFormat) {
			return in, err // the format was recognised, and the document is not sound
		}
	}
	return in, errors.New("neither an SBOM (CycloneDX, SPDX) nor a report (Grype, Trivy, CycloneDX) that can be read")
}
