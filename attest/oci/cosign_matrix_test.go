package oci_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// predicate is a type of predicate in cosign's words and in ours.
type predicate struct {
	cosign string // as cosign attest --type has it
	uri    string
	doc    string // what cosign attest --predicate reads
	ours   func(doc string) attest.Predicate
}

const (
	vulnDoc = `{"invocation":{"parameters":null,"uri":"","event_id":"","builder.id":""},"scanner":{"uri":"pkg:github/example/scanner","version":"1","db":{"uri":"","version":""},` +
		`"result":{"findings":[]}},"metadata":{"scanStartedOn":"2026-01-02T03:04:05Z","scanFinishedOn":"2026-01-02T03:04:06Z"}}`
	slsa02Doc = `{"builder":{"id":"https://example.com/builder"},"buildType":"https://example.com/build/v1","invocation":{"configSource":{}}}`
	slsa1Doc  = `{"buildDefinition":{"buildType":"https://example.com/build/v1","externalParameters":{"ref":"main"},"internalParameters":{}},"runDetails":{"builder":{"id":"https://example.com/builder"}}}`
	vexDoc    = `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex","author":"me","timestamp":"2026-01-02T03:04:05Z","version":1,"statements":[]}`
	linkDoc   = `{"_type":"link","name":"build","materials":{},"products":{},"byproducts":{},"command":["make"],"environment":{}}`
	svrDoc    = `{"verifier":{"id":"https://example.com/verifier","policies":[]},"timeVerified":"2026-01-02T03:04:05Z","properties":["EXAMPLE"]}`
	otherDoc  = `{"html":"<&>\u2028","n":1.5,"list":[null,true,{}]}`
)

// textSPDX is a predicate that is a string. Cosign writes such ones and verifies none,
// not even its own.
const textSPDX = "spdx"

// predicates are those that cosign knows by name, and two that it does not.
func predicates() []predicate {
	as := func(uri string) func(string) attest.Predicate {
		return func(doc string) attest.Predicate { return attest.Custom(uri, json.RawMessage(doc)) }
	}
	return []predicate{
		{"spdxjson", attest.TypeSPDX, spdxDoc, func(doc string) attest.Predicate { return attest.SPDX([]byte(doc)) }},
		{"cyclonedx", attest.TypeCycloneDX, cdxDoc, func(doc string) attest.Predicate { return attest.CycloneDX([]byte(doc)) }},
		{"vuln", attest.TypeCosignVuln, vulnDoc, func(doc string) attest.Predicate { // with a member that cosign does not know
			return attest.WithInputs(as(attest.TypeCosignVuln)(doc), attest.NewSubject("sbom.json", sha256Of([]byte("an SBOM"))))
		}},
		{"slsaprovenance02", attest.TypeSLSAProvenance02, slsa02Doc, as(attest.TypeSLSAProvenance02)},
		{"slsaprovenance1", attest.TypeSLSAProvenance1, slsa1Doc, as(attest.TypeSLSAProvenance1)},
		{"openvex", attest.TypeOpenVEX, vexDoc, func(doc string) attest.Predicate { return attest.OpenVEX([]byte(doc)) }},
		{"link", "https://in-toto.io/Link/v1", linkDoc, as("https://in-toto.io/Link/v1")},
		{"custom", attest.TypeCosignCustom, `some text`, func(doc string) attest.Predicate {
			return attest.Custom(attest.TypeCosignCustom, map[string]string{"Data": doc, "Timestamp": "2026-01-02T03:04:05Z"})
		}},
		{attest.TypeSVR02, attest.TypeSVR02, svrDoc, as(attest.TypeSVR02)},
		{testType, testType, otherDoc, as(testType)},
		{textSPDX, attest.TypeSPDX, "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", func(doc string) attest.Predicate { return attest.Custom(attest.TypeSPDX, doc) }},
	}
}

// place is a way to store attestations.
type place struct {
	name    string
	withAPI bool
	format  oci.Format
	store   oci.Store
}

var places = []place{
	{"referrers API", true, oci.FormatBundle, oci.StoreAPI},
	{"referrers tag", false, oci.FormatBundle, oci.StoreTag},
	{"legacy", false, oci.FormatLegacy, oci.StoreAtt},
}

// TestCosignVerifiesEveryPredicate: what we write, of ten types and in three places,
// verifies with cosign, and what is not there does not.
func TestCosignVerifiesEveryPredicate(t *testing.T) {
	c := findCosign(t)
	key, stranger := newKeyPair(t), newKeyPair(t)
	for _, in := range places {
		img, digest := testImage(t, in.name)
		var flags []string
		if in.format == oci.FormatLegacy {
			flags = []string{"--new-bundle-format=false"}
		}
		for i, p := range predicates() {
			if p.cosign == textSPDX {
				continue
			}
			t.Run(in.name+", "+p.cosign, func(t *testing.T) {
				repo := pushImage(t, testRegistry(t, in.withAPI), img)
				image := repo.String() + "@" + string(digest)
				attachAs(t, repo, in.format, key.signPredicate(t, digest, p.ours(p.doc)), stranger.signPredicate(t, digest, p.ours(p.doc)))
				if out, err := c.verifyAttestation(t, key.private.Public(), image, p.cosign, flags...); err != nil {
					t.Errorf("cosign refuses it: %v\n%s", err, out)
				}
				if i > 1 {
					return
				}
				if out, err := c.verifyAttestation(t, key.private.Public(), image, "slsaprovenance1", flags...); err == nil {
					t.Errorf("cosign finds a type that is not there:\n%s", out)
				}
				if out, err := c.verifyAttestation(t, newKeyPair(t).private.Public(), image, p.cosign, flags...); err == nil {
					t.Errorf("cosign accepts it with another key:\n%s", out)
				}
			})
		}
	}
}

// TestWeVerifyEveryPredicateOfCosign: what cosign writes, of the same types in the
// same places, all about one image.
func TestWeVerifyEveryPredicateOfCosign(t *testing.T) {
	c := findCosign(t)
	key := newKeyPair(t)
	file := c.importKey(t, key.private)
	for _, in := range places {
		t.Run(in.name, func(t *testing.T) {
			img, digest := testImage(t, in.name)
			repo := pushImage(t, testRegistry(t, in.withAPI), img)
			for _, p := range predicates() {
				c.attestType(t, file, repo.String()+"@"+string(digest), p.cosign, p.doc, in.format == oci.FormatLegacy)
			}
			res, err := oci.Verify(t.Context(), repo, "", key.verifier, nil)
			if err != nil || len(res.Verified) != len(predicates()) || len(res.Rejected) != 0 {
				t.Fatalf("%d verified, rejected %v, %v", len(res.Verified), res.Rejected, err)
			}
			for _, p := range predicates() {
				if !hasPredicate(res, in.store, p) {
					t.Errorf("%s is missing", p.cosign)
				}
			}
			if _, err := oci.Verify(t.Context(), repo, "", newKeyPair(t).verifier, nil); !errors.Is(err, oci.ErrNoneVerified) || !errors.Is(err, attest.ErrSignature) {
				t.Errorf("with another key: %v", err)
			}
		})
	}
}

// hasPredicate reports whether one of the statements has the predicate that cosign
// was given: a document as it is, or as cosign wraps text.
func hasPredicate(res *oci.Result, store oci.Store, p predicate) bool {
	for i, v := range res.Verified {
		if v.PredicateType() != p.uri || res.Sources[i].Store != store {
			continue
		}
		var got, want any
		if json.Unmarshal(v.Predicate(), &got) != nil {
			return false
		}
		if custom, ok := got.(map[string]any); ok && p.cosign == "custom" {
			got = custom["Data"]
		}
		if json.Unmarshal([]byte(p.doc), &want) != nil {
			want = p.doc
		}
		if fmt.Sprint(got) == fmt.Sprint(want) {
			return true
		}
	}
	return false
}

// TestCosignVerifiesBoth: what is stored in both forms is found by either.
func TestCosignVerifiesBoth(t *testing.T) {
	c := findCosign(t)
	key := newKeyPair(t)
	img, digest := testImage(t, "both")
	repo := pushImage(t, testRegistry(t, true), img)
	attachAs(t, repo, oci.FormatBoth, key.signPredicate(t, digest, attest.CycloneDX([]byte(cdxDoc))), key.signPredicate(t, digest, attest.SPDX([]byte(spdxDoc))))
	for _, predicateType := range []string{"cyclonedx", "spdxjson"} {
		for _, flags := range [][]string{nil, {"--new-bundle-format=false"}} {
			if out, err := c.verifyAttestation(t, key.private.Public(), repo.String()+"@"+string(digest), predicateType, flags...); err != nil {
				t.Errorf("%s %v: %v\n%s", predicateType, flags, err, out)
			}
		}
	}
}

// TestTakingTurnsWithCosign writes into what cosign wrote, and lets cosign write into
// that: all four attestations are there for both.
func TestTakingTurnsWithCosign(t *testing.T) {
	c := findCosign(t)
	key := newKeyPair(t)
	file := c.importKey(t, key.private)
	for _, in := range places {
		t.Run(in.name, func(t *testing.T) {
			img, digest := testImage(t, in.name)
			repo := pushImage(t, testRegistry(t, in.withAPI), img)
			image, legacy := repo.String()+"@"+string(digest), in.format == oci.FormatLegacy
			c.attestType(t, file, image, "spdxjson", spdxDoc, legacy)
			attachAs(t, repo, in.format, key.signPredicate(t, digest, attest.CycloneDX([]byte(cdxDoc))))
			c.attestType(t, file, image, "openvex", vexDoc, legacy)
			attachAs(t, repo, in.format, key.sign(t, digest, "x"))
			res, err := oci.Verify(t.Context(), repo, "", key.verifier, nil)
			if err != nil || len(res.Verified) != 4 || len(res.Rejected) != 0 {
				t.Errorf("%d verified, rejected %v, %v", len(res.Verified), res.Rejected, err)
			}
			var flags []string
			if legacy {
				flags = []string{"--new-bundle-format=false"}
			}
			for _, predicateType := range []string{"spdxjson", "cyclonedx", "openvex", testType} {
				if out, err := c.verifyAttestation(t, key.private.Public(), image, predicateType, flags...); err != nil {
					t.Errorf("%s: %v\n%s", predicateType, err, out)
				}
			}
		})
	}
}

// TestCosignVerifiesOurKeylessLegacy takes the real keyless attestations apart that the
// SLSA generator wrote, writes them anew in the older form, and has cosign verify that
// with the public-good trusted root.
func TestCosignVerifiesOurKeylessLegacy(t *testing.T) {
	c := findCosign(t)
	dirs, err := filepath.Glob("../../../shared/attest/real/slsa-verifier/gha_generic_container/*/*/oci-layout")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../../../shared/attest/trusted-roots/public-good.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) == 0 {
		t.Skip("no real keyless attestations beside the checkout")
	}
	for _, file := range dirs {
		dir := filepath.Dir(file)
		digest := attest.Digest("sha256:" + readDigest(t, dir+".digest"))
		list, err := oci.List(t.Context(), oci.Layout(dir), digest, nil)
		if err != nil || len(list.Bundles) != 1 {
			t.Fatalf("%s: %+v, %v", dir, list, err)
		}
		bare := filepath.Join(t.TempDir(), "layout")
		if err := os.CopyFS(bare, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		verify := func(issuer string) (string, error) {
			return c.run("verify-attestation", "--local-image", "--new-bundle-format=false", "--trusted-root", root, "--type", "slsaprovenance",
				"--certificate-identity-regexp", "^https://github.com/slsa-framework/slsa-github-generator/", "--certificate-oidc-issuer", issuer, bare)
		}
		const github = "https://token.actions.githubusercontent.com"
		entry := object{"mediaType": types.OCIImageIndex, "digest": digest, "size": 856, "annotations": object{"kind": "dev.cosignproject.cosign/imageIndex"}}
		mustWrite(t, filepath.Join(bare, "index.json"), mustJSON(t, object{"schemaVersion": 2, "mediaType": types.OCIImageIndex, "manifests": []object{entry}}))
		if out, err := verify(github); err == nil {
			t.Fatalf("cosign verifies what is not there yet:\n%s", out)
		}
		attachAs(t, oci.Layout(bare), oci.FormatLegacy, list.Bundles[0].Bundle)
		if out, err := verify(github); err != nil {
			t.Errorf("%s: %v\n%s", dir, err, out)
		}
		if out, err := verify("https://example.com"); err == nil {
			t.Errorf("%s: cosign accepts another issuer:\n%s", dir, out)
		}
	}
}
