package main

import (
	"flag"
	"os"
	"path/filepath"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// predicateType is the URI of a predicate type that is given by its short name, which are the
// same as cosign's, or as it is.
func predicateType(name string) string {
	switch name {
	case "spdx", "spdxjson":
		return attest.TypeSPDX
	case "cyclonedx":
		return attest.TypeCycloneDX
	case "vuln":
		return attest.TypeCosignVuln
	case "openvex":
		return attest.TypeOpenVEX
	case "slsaprovenance", "slsaprovenance02":
		return attest.TypeSLSAProvenance02
	case "slsaprovenance1":
		return attest.TypeSLSAProvenance1
	case "custom":
		return attest.TypeCosignCustom
	}
	return name
}

const typeUsage = "predicate type: a URI, or spdx, cyclonedx, vuln, openvex, slsaprovenance, slsaprovenance1 or custom"

// target is where the image of an argument is: an OCI layout directory, or a reference.
func target(image string) (oci.Target, error) {
	if _, err := os.Stat(filepath.Join(image, "oci-layout")); err == nil {
		return oci.Layout(image), nil
	}
	return oci.Repository(image, nil)
}

// files is a flag that may be given several times.
type files []string

func (f *files) String() string     { return "" }
func (f *files) Set(s string) error { *f = append(*f, s); return nil }

var _ flag.Value = (*files)(nil)
