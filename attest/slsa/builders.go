package slsa

import "github.com/imagetrust/imagetrust/attest"

const (
	githubIssuer = "https://token.actions.githubusercontent.com"
	generator    = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/"
	atTag        = "@refs/tags/"
)

// GitHubGeneratorBuilders returns the workflows of the SLSA GitHub generator, as
// released, each trusted up to level 3 if it was signed by the certificate of its own
// workflow, or of the delegator that runs it. To trust them is the caller's decision;
// so is to trust the public instance of Sigstore, or another, for the certificates.
func GitHubGeneratorBuilders() []TrustedBuilder {
	var all []TrustedBuilder
	for _, workflow := range []string{
		"builder_go_slsa3.yml", "builder_container-based_slsa3.yml",
		"generator_generic_slsa3.yml", "generator_container_slsa3.yml",
	} {
		all = append(all, TrustedBuilder{ID: generator + workflow + atTag, Level: Level3,
			Signer: attest.Identity{Issuer: githubIssuer}, SignerIsBuilder: true})
	}
	for _, workflow := range []string{
		"builder_bazel_slsa3.yml", "builder_gradle_slsa3.yml", "builder_maven_slsa3.yml", "builder_nodejs_slsa3.yml",
	} {
		all = append(all, TrustedBuilder{ID: generator + workflow + atTag, Level: Level3,
			Signer: attest.Identity{Issuer: githubIssuer, SAN: generator + "delegator_lowperms-generic_slsa3.yml" + atTag}})
	}
	return all
}
