package slsa

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/attest"
)

// platforms lists the beginnings of the build types of each platform.
var platforms = []struct {
	prefix   string
	platform Platform
}{
	{"https://actions.github.io/buildtypes/", GitHubActions},
	{"https://slsa-framework.github.io/github-actions-buildtypes/", GitHubActions},
	{"https://github.com/npm/", GitHubActions},
	{"https://github.com/slsa-framework/slsa-github-generator", GitHubGenerator},
	{"https://slsa.dev/container-based-build/", GitHubGenerator},
	{"https://tekton.dev/", TektonChains},
	{"tekton.dev/", TektonChains},
	{"https://mobyproject.org/buildkit@", BuildKit},
	{"https://github.com/moby/buildkit/", BuildKit},
	{"https://cloud.google.com/build/gcb-buildtypes/", GoogleCloudBuild},
	{"https://cloudbuild.googleapis.com/", GoogleCloudBuild},
	{"https://slsa-framework.github.io/gcb-buildtypes/", GoogleCloudBuild},
}

func platformOf(buildType string) Platform {
	for _, p := range platforms {
		if strings.HasPrefix(buildType, p.prefix) {
			return p.platform
		}
	}
	return OtherPlatform
}

// fromConfig reads the configuration source of v0.2, which most platforms take
// for the source.
func (b *Build) fromConfig(d *document) {
	b.EntryPoint = d.config.EntryPoint
	if d.config.URI != "" {
		b.Source = newSource(d.config.URI, d.config.Digest, "invocation.configSource")
		b.Source.complete(d)
	}
}

// fromParameter reads a parameter that has the URI of a repository under one
// name and a revision under another.
func (b *Build) fromParameter(d *document, name, uri, ref, path string) bool {
	p := d.parameters.object(name)
	if p.text(uri) == "" {
		return false
	}
	b.Source = newSource(p.text(uri), p.digest("digest"), d.parametersAt+"."+name)
	b.Source.Ref = cmp.Or(p.text(ref), b.Source.Ref)
	b.EntryPoint = p.text(path)
	b.Source.complete(d)
	return true
}

// fromGitHub reads the build types of GitHub's workflows and of the SLSA GitHub
// generator. What was built stands in "workflow" or "source"; a builder made with the
// generator leaves it to the dependencies, and the entry point to the variables.
func (b *Build) fromGitHub(d *document) {
	b.fromConfig(d)
	switch {
	case b.Source.URI != "":
	case b.fromParameter(d, "workflow", "repository", "ref", "path"):
	case b.fromParameter(d, "source", "uri", "", ""):
		b.EntryPoint = d.parameters.text("configPath")
	default:
		repo := d.internalVars.text("GITHUB_REPOSITORY")
		b.Source = d.onlyRepository(func(m attest.ResourceDescriptor) bool {
			found, _ := splitSource(m.URI)
			return repo == "" || strings.HasSuffix(found, "/"+repo)
		})
	}
	if b.EntryPoint == "" { // owner/repository/path@ref
		workflow, _, _ := strings.Cut(d.internalVars.text("GITHUB_WORKFLOW_REF"), "@")
		b.EntryPoint = strings.TrimPrefix(workflow, d.internalVars.text("GITHUB_REPOSITORY")+"/")
	}
}

// fromTekton reads what Tekton Chains writes. Its configuration source is where the
// pipeline's definition came from; what was built are the parameters or results that
// are named for it, which Chains lists among the materials.
func (b *Build) fromTekton(d *document) {
	b.EntryPoint = cmp.Or(d.config.EntryPoint, d.parameters.object("buildConfigSource").text("path"))
	spec := d.parameters.object("runSpec")
	for _, ref := range []string{"pipelineRef", "taskRef"} {
		b.EntryPoint = cmp.Or(b.EntryPoint, spec.object(ref).text("name"))
	}
	url, commit := d.parameters.text("CHAINS-GIT_URL"), d.parameters.text("CHAINS-GIT_COMMIT")
	spec.each("params", func(p members) {
		switch p.text("name") {
		case "CHAINS-GIT_URL":
			url = p.text("value")
		case "CHAINS-GIT_COMMIT":
			commit = p.text("value")
		}
	})
	if url != "" {
		b.Source = newSource(url, nil, d.parametersAt)
		b.Source.Commit = commit
		b.Source.complete(d)
		return
	}
	definition, _ := splitSource(cmp.Or(d.config.URI, d.parameters.object("buildConfigSource").text("repository")))
	b.Source = d.onlyRepository(func(m attest.ResourceDescriptor) bool {
		if m.Name != "" { // v1 says what each dependency is for
			return strings.HasPrefix(m.Name, "input")
		}
		repo, _ := splitSource(m.URI)
		return repo != definition || repo == ""
	})
}

// fromBuildKit reads the provenance of BuildKit. A build of a local directory has no
// source but what its client says of it.
func (b *Build) fromBuildKit(d *document) {
	b.fromConfig(d)
	if b.Source.URI == "" && !b.fromParameter(d, "configSource", "uri", "", "path") {
		b.EntryPoint = cmp.Or(b.EntryPoint, d.parameters.object("configSource").text("path"))
	}
	const v02 = "https://mobyproject.org/buildkit@v1#"
	ext := members(d.extension)
	if b.Reproducible == nil {
		b.Reproducible = ext.flag("buildkit_reproducible")
	}
	b.Hermetic = ext.flag("buildkit_hermetic")
	if b.Hermetic == nil {
		b.Hermetic = ext.flag(v02 + "hermetic")
	}
	if c := ext.object("buildkit_completeness"); c != nil {
		b.ParametersComplete, b.MaterialsComplete = c.flag("request"), c.flag("resolvedDependencies")
	}
	for _, name := range []string{"buildkit_metadata", v02 + "metadata"} {
		vcs := ext.object(name).object("vcs")
		if b.Source.URI == "" && vcs.text("source") != "" {
			b.Source = newSource(vcs.text("source"), nil, name+".vcs")
			b.Source.Commit, b.Source.Unverified = vcs.text("revision"), true
		}
	}
}

// fromCloudBuild reads the provenance of Google Cloud Build: v1 says where the
// configuration came from, v0.1 lists the source as its first material unless it says
// which one.
func (b *Build) fromCloudBuild(d *document) {
	b.EntryPoint = d.config.EntryPoint
	for _, name := range []string{"buildConfigSource", "configSource", "sourceToBuild"} {
		entry := b.EntryPoint
		_ = b.fromParameter(d, name, "repository", "ref", "path")
		b.EntryPoint = cmp.Or(b.EntryPoint, entry)
	}
	if b.Source.URI != "" {
		return
	}
	b.Source = d.onlyRepository(nil)
	if d.definedIn >= 0 || b.Source.URI == "" && d.recipe && len(d.materials) > 0 {
		b.Source = cloudBuildSource(d)
	}
	vars := d.parameters.object("substitutions")
	switch tag, branch := vars.text("TAG_NAME"), vars.text("BRANCH_NAME"); {
	case b.Source.Repository == "" || b.Source.Ref != "":
	case tag != "":
		b.Source.Ref = "refs/tags/" + tag
	case branch != "":
		b.Source.Ref = "refs/heads/" + branch
	}
}

// cloudBuildSource reads the material that v0.1 calls the source: the address of a
// commit, or an archive in a bucket.
func cloudBuildSource(d *document) Source {
	i := max(d.definedIn, 0)
	m := d.materials[i]
	s := newSource(m.URI, m.Digest, fmt.Sprintf("%s[%d]", d.materialsAt, i))
	if repo, commit, ok := strings.Cut(s.Repository, "/commit/"); ok && !strings.Contains(commit, "/") {
		s.Repository, s.Commit = repo, commit
	}
	return s
}

// fromOther reads what the specifications and most builders have in common: the
// configuration source of v0.2, the parameters that are named after the source, and
// a single repository among the materials. Of a build type that nobody here knows, two
// parameters that name different repositories contradict each other.
func (b *Build) fromOther(d *document) {
	b.fromConfig(d)
	b.compareSources(d)
	if b.Source.URI != "" {
		return
	}
	if uri := d.parameters.text("source"); uri != "" {
		b.Source = newSource(uri, nil, d.parametersAt+".source")
		b.Source.complete(d)
	} else if !b.fromParameter(d, "source", "uri", "ref", "") && !b.fromParameter(d, "workflow", "repository", "ref", "path") {
		b.Source = d.onlyRepository(nil)
	}
	b.EntryPoint = cmp.Or(b.EntryPoint, d.parameters.text("entryPoint"))
}

// compareSources notes parameters that name other repositories than the one before them.
func (b *Build) compareSources(d *document) {
	first := b.Source.URI
	for _, uri := range []string{d.parameters.text("source"), d.parameters.object("source").text("uri"), d.parameters.object("workflow").text("repository")} {
		this, _ := splitSource(uri)
		if before, _ := splitSource(first); uri != "" && first != "" && this != before {
			b.Contradictions = append(b.Contradictions, fmt.Sprintf("%s names %.200q and %.200q", d.parametersAt, first, uri))
		}
		first = cmp.Or(first, uri)
	}
}
