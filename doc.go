// Package imagetrust is the map of the module; it has no code.
//
// An SBOM says what is in a container image. It does not say whether the image can be
// trusted. imagetrust is an embeddable SDK that closes that gap: each package below
// gives one kind of evidence, and the last one decides.
//
//	what is in the image, in which layer, owned by whom, still as packaged?   sbom
//	which of it is known to be vulnerable?                                    scan
//	where do SBOMs and scanners disagree, and why?                            reconcile
//	what of it really runs?                                                   rbom
//	who says so, how was it built, and is it bound to exactly this digest?    attest
//	so: may it run?                                                           policy
//
// # The way through
//
//	img, err := image.Open("app.tar", nil)                       // sbom/image: layouts, archives, directories; sbom/image/remote: registries
//	inv, err := catalog.Image(ctx, img, nil)                     // sbom/catalog: every layer read once
//	rep, err := osv.NewScanner(db, nil).Scan(ctx, inv)           // scan/osv; scan/report imports Grype, Trivy and CycloneDX
//	rec, err := reconcile.Run(ctx, inputs, nil)                  // each difference with its cause and proof
//	run, err := rbom.Join(recording, inv)                        // rbom/procfs makes recordings
//	_, err = cyclonedx.Encode(w, inv, nil)                       // sbom/cyclonedx and sbom/spdx: documents out and in
//	ver, err := verifier.Verify(ctx, bundle, subject)            // attest; attest/oci finds and stores bundles
//	dec, err := policy.Decide(ctx, &policy.Evidence{...}, rules...)
//
// The program examples/quickstart is all of this, end to end.
//
// # Promises
//
// Each has a test.
//
//   - Every component says where, how, how sure, and which detector and version found it.
//   - Every difference between two sources says which rule decided, and on what proof.
//   - Not checked is never clean: gaps, unassessed components and indeterminate decisions are values.
//   - Nothing touches the network unless its package's name says so (sbom/image/remote, attest/oci), and then only when called.
//   - Peak memory is bounded by the options, not by the image; no temporary file is left behind, even after a crash.
//   - The same image gives the same bytes, on any machine and with any parallelism.
//   - Encoders return what their format could not express.
//   - Hostile input costs bounded time and memory and gets a typed error or a gap, never a panic, a hang or a silent drop.
//
// # Weight
//
// A package links only what its work needs. Importing sbom adds packageurl-go and
// nothing else, attest only the standard library. internal/depcheck holds all
// packages to this.
package imagetrust
