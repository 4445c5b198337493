package slsa_test

import (
	"fmt"
	"log"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/attesttest"
	"github.com/imagetrust/imagetrust/attest/slsa"
)

// verifiedProvenance stands for what a verifier returned for a bundle.
func verifiedProvenance() *attest.Verified {
	v, err := attesttest.Verified(
		attest.Identity{Issuer: "https://token.actions.githubusercontent.com", SAN: goodGen},
		`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"`+hexA+`"}}],"predicateType":"https://slsa.dev/provenance/v0.2",
 "predicate":{"builder":{"id":"`+goodGen+`"},"buildType":"https://github.com/slsa-framework/slsa-github-generator/container@v1",
  "invocation":{"configSource":{"uri":"git+https://github.com/acme/app@refs/tags/v1","digest":{"sha1":"d37a7f740ee7404914456f24dcd90e865a0509e8"},"entryPoint":".github/workflows/release.yml"}},
  "metadata":{"completeness":{"parameters":true},"reproducible":false}}}`,
		digestA)
	if err != nil {
		log.Fatal(err)
	}
	return v
}

func ExampleRead() {
	build, err := slsa.Read(verifiedProvenance())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(build.Platform, "built", build.Source.Repository)
	fmt.Println("at", build.Source.Commit, build.Source.Ref)
	fmt.Println("by", build.EntryPoint, "reproducible:", *build.Reproducible)
	// Output:
	// slsa-github-generator built https://github.com/acme/app
	// at d37a7f740ee7404914456f24dcd90e865a0509e8 refs/tags/v1
	// by .github/workflows/release.yml reproducible: false
}

func ExampleBuild_Assess() {
	build, err := slsa.Read(verifiedProvenance())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("trusting nobody:", build.Assess().Level)
	assessment := build.Assess(slsa.GitHubGeneratorBuilders()...)
	fmt.Println("trusting the generator:", assessment.Level)
	for _, r := range assessment.Results {
		fmt.Println(r.Met, r.Requirement)
	}
	// Output:
	// trusting nobody: SLSA_BUILD_LEVEL_0
	// trusting the generator: SLSA_BUILD_LEVEL_3
	// true builder-trusted
	// true provenance-exists
	// true provenance-authentic
	// true hosted
	// true provenance-unforgeable
	// true isolated
}

func ExampleParseUnsigned() {
	// What BuildKit stores in the index of an image is not signed.
	build, err := slsa.ParseUnsigned([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"https://slsa.dev/provenance/v1",
 "predicate":{"buildDefinition":{"buildType":"https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
  "externalParameters":{"configSource":{"path":"Dockerfile"}}},"runDetails":{"builder":{"id":""},
  "metadata":{"buildkit_metadata":{"vcs":{"source":"https://github.com/acme/app","revision":"d37a7f74"}}}}}}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(build.EntryPoint, build.Source.Repository, "unverified:", build.Source.Unverified)
	fmt.Println(build.Assess().Results[0].Reason)
	// Output:
	// Dockerfile https://github.com/acme/app unverified: true
	// nobody signed the provenance, and anybody can write it
}

func ExampleVSA() {
	predicate := attest.NewPredicate(&slsa.VSA{
		Verifier:           slsa.VSAVerifier{ID: "https://verifier.example/v1"},
		ResourceURI:        "registry.example/app",
		Policy:             attest.ResourceDescriptor{URI: "https://verifier.example/policy"},
		VerificationResult: slsa.Passed,
		VerifiedLevels:     []string{slsa.Level3.String()},
	})
	statement, err := attest.NewStatement(predicate, attest.NewSubject("app", digestA))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(statement.PredicateType)
	// Output: https://slsa.dev/verification_summary/v1
}
