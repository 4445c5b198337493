package main

import (
	"fmt"
	"io"
	"time"

	"github.com/imagetrust/imagetrust/attest"
)

// witnessed is what attest.Verified and attest.VerifiedArtifact have in common.
type witnessed interface {
	Signer() attest.Identity
	Time() time.Time
	Log() []attest.LogEntry
	Unchecked() []string
}

// report prints what is verified, who signed it, when, and what nobody checked.
func report(out io.Writer, what string, v witnessed) {
	id := v.Signer()
	signer := id.SAN + " (" + id.Issuer + ")"
	if id.KeyID != "" {
		signer = "key " + id.Name + " (" + id.KeyID + ")"
	}
	fmt.Fprintf(out, "verified: %s\n  signed by %s\n", what, signer)
	if t := v.Time(); !t.IsZero() {
		fmt.Fprintf(out, "  not later than %s\n", t.UTC().Format(time.RFC3339))
	}
	for _, e := range v.Log() {
		fmt.Fprintf(out, "  logged by %s as number %d\n", e.URL, e.Index)
	}
	for _, name := range v.Unchecked() {
		fmt.Fprintf(out, "  not checked: %s\n", name)
	}
}
