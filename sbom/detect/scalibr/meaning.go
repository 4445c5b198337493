package scalibr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/plugin"

	"github.com/imagetrust/imagetrust/sbom"
)

// Meaning is what it means that an extractor names a package.
type Meaning struct {
	// Type of the components; sbom.TypeLibrary if empty.
	Type sbom.ComponentType
	// Scope of the components. What is declared in a directory of test data is of
	// sbom.ScopeFixture instead.
	Scope sbom.Scope
	// Technique and Confidence are those of the evidence. Confidence is over 0 and
	// up to 1, which is a package manager's own record.
	Technique  sbom.Technique
	Confidence float64
}

// Confidence of evidence by what was read.
const (
	recorded = 1.0 // A package manager's record of what it installed.
	stated   = 0.9 // Metadata that lies with the installed software.
	named    = 0.7 // A lock file or another document.
	guessed  = 0.5 // A file name, or an extractor of which nothing is known.
)

var (
	library   = Meaning{sbom.TypeLibrary, sbom.ScopeInstalled, sbom.TechniqueManifest, stated}
	system    = Meaning{sbom.TypeLibrary, sbom.ScopeInstalled, sbom.TechniqueManifest, recorded}
	program   = Meaning{sbom.TypeApplication, sbom.ScopeInstalled, sbom.TechniqueManifest, stated}
	compiled  = Meaning{sbom.TypeLibrary, sbom.ScopeBundled, sbom.TechniqueBinary, stated}
	bundle    = Meaning{sbom.TypeLibrary, sbom.ScopeBundled, sbom.TechniqueManifest, stated}
	byPath    = Meaning{sbom.TypeLibrary, sbom.ScopeInstalled, sbom.TechniqueFilename, guessed}
	lockFile  = Meaning{sbom.TypeLibrary, sbom.ScopeDeclared, sbom.TechniqueManifest, named}
	tool      = Meaning{sbom.TypeApplication, sbom.ScopeDeclared, sbom.TechniqueManifest, guessed} // "20" may mean any 20.x.
	container = Meaning{sbom.TypeContainer, sbom.ScopeDeclared, sbom.TechniqueManifest, named}
	unknown   = Meaning{sbom.TypeLibrary, sbom.ScopeDeclared, sbom.TechniqueOther, guessed}
)

// MeaningOf returns the meaning of what the extractor of that name finds. known is
// false for extractors that osv-scalibr v0.5.3 does not have: their packages are
// declared, of a confidence of 0.5, because to take a mention for installed software
// invents findings, and the other mistake can be seen and mended (see [NewAs]).
func MeaningOf(name string) (m Meaning, known bool) {
	switch name {
	case "os/apk", "os/chisel", "os/cos", "os/dpkg", "os/homebrew", "os/pacman", "os/portage", "os/rpm":
		return system, true
	case "os/chocolatey", "os/flatpak", "os/snap", "os/winget", "misc/netscaler", "vscode/extensions", "wordpress/plugins":
		return program, true
	case "os/macports", "os/nix", "nim/nimble":
		return byPath, true // Names and versions come from the path alone.
	case "os/kernel/module", "os/kernel/vmlinuz", "dotnet/pe":
		return Meaning{sbom.TypeLibrary, sbom.ScopeInstalled, sbom.TechniqueBinary, stated}, true
	case "os/spack", "python/condameta", "python/wheelegg", "ruby/gemspec", "javascript/packagejson",
		"java/archive", "lua/luarocks", "ocaml/opam":
		return library, true // Narrowed by place, see installedAt.
	case "go/binary", "rust/cargoauditable":
		return compiled, true
	case "javascript/electronasar", "javascript/vsix", "go/vendormodules":
		return bundle, true
	case "runtime/asdf", "runtime/mise", "runtime/nodeversion", "runtime/nvm", "github/actions":
		return tool, true
	case "containers/dockerbaseimage", "containers/dockercomposeimage", "containers/k8simage":
		return container, true
	case "cpp/conanlock", "dart/packageconfig", "dart/pubspec", "dotnet/csproj", "dotnet/depsjson",
		"dotnet/nugetcpm", "dotnet/packagesconfig", "dotnet/packageslockjson", "dotnet/paketdependencies",
		"dotnet/paketlock", "dotnet/projectassetsjson", "elixir/mixlock", "erlang/mixlock", "gleam/gleamtoml",
		"go/gomod", "haskell/cabal", "haskell/stacklock", "java/gradlelockfile",
		"java/gradleverificationmetadataxml", "java/gradleversioncatalog", "java/pomxml", "javascript/bunlock",
		"javascript/denojson", "javascript/packagelockjson", "javascript/pnpmlock",
		"javascript/yarnlock", "julia/manifesttoml", "julia/projecttoml", "perl/cpan",
		"php/composerlock", "python/ipythoninstall", "python/pdmlock", "python/pipfilelock",
		"python/poetrylock", "python/pylock", "python/pyprojecttoml", "python/requirements", "python/setup",
		"python/uvlock", "r/renvlock", "ruby/gem", "ruby/gemfilelock", "rust/cargolock", "rust/cargotoml",
		"sbom/cdx", "sbom/spdx", "swift/packageresolved", "swift/podfilelock":
		return lockFile, true
	}
	return unknown, false
}

// installedAt reports whether a package that an extractor of installed software
// names in the file at path is there, and not only needed or yet to be installed.
// hash is what the package's metadata has under that name, if anything.
func installedAt(name, path, hash string) bool {
	switch name {
	case "os/spack": // A spec lists the package's dependencies too; its directory ends in its hash.
		return hash != "" && strings.Contains(path, "-"+hash+"/.spack/")
	case "javascript/packagejson":
		return strings.HasPrefix(path, "node_modules/") || strings.Contains(path, "/node_modules/")
	case "ruby/gemspec":
		return strings.Contains(path, "/specifications/")
	}
	return true
}

// ofDevelopment reports whether what an extractor names inside an installed package
// serves the development of that package, and says nothing about the image. Documents
// are about what is there.
func ofDevelopment(name string) bool {
	m, known := MeaningOf(name)
	return known && m.Scope == sbom.ScopeDeclared && !strings.HasPrefix(name, "sbom/")
}

// unsafeFile returns why an extractor must not be given the file at path; empty if it may.
func unsafeFile(name, path string) string {
	if lower := strings.ToLower(path); name == "sbom/spdx" && (strings.HasSuffix(lower, ".rdf") || strings.HasSuffix(lower, ".xml")) {
		// github.com/spdx/gordf; a panic there would end the process.
		return "RDF is read by goroutines that race, and whose panics nobody can catch"
	}
	return ""
}

// ErrUnfit is wrapped by the error for an extractor that cannot work on one file of
// an image, whatever the file: it needs the network, the machine's own file system,
// or a running system, or what it finds are no packages.
var ErrUnfit = errors.New("extractor cannot be a detector")

// fit returns an error that wraps ErrUnfit unless the extractor may work. That an
// extractor demands an operating system is no hindrance: osv-scalibr means that of
// the machine, and an image has its own.
func fit(ex filesystem.Extractor) error {
	reason := unfit(ex.Name())
	if req := ex.Requirements(); req != nil && reason == "" {
		switch {
		case req.Network == plugin.NetworkOnline:
			reason = "it needs the network"
		case req.AllowUnsafePlugins:
			reason = "it runs programs"
		case req.DirectFS:
			reason = "it opens files of the machine's own file system"
		case req.RunningSystem:
			reason = "what it finds depends on the machine that it runs on"
		case req.ExtractFromDirs:
			reason = "it reads directories, and a detector sees files"
		}
	}
	if reason == "" {
		return nil
	}
	return fmt.Errorf("scalibr: %s: %w: %s", ex.Name(), ErrUnfit, reason)
}

// unfit returns why the extractor of that name cannot work, although its
// requirements do not say so; empty if nothing is known.
func unfit(name string) string {
	family, _, _ := strings.Cut(name, "/")
	switch family {
	case "embeddedfs":
		return "it finds file systems, and writes them to temporary files"
	case "secrets", "sensitiveinformation":
		return "it finds no packages"
	case "ffa":
		return "it lists executables without a name and a version, which the inventory's accounting does"
	}
	switch name {
	case "os/bazelmaven": // Measured in v0.5.3: 2.3 s for 430 bytes, and twice that for each line more.
		return "a small file makes it compute without end"
	case "os/macapps": // github.com/micromdm/plist v0.2.2: 50 bytes do.
		return "a property list that contains itself overflows the stack, which ends the process"
	case "javascript/denotssource":
		return "it wants every TypeScript file, and for each asks whether a deno.json lies above it"
	case "os/rpm", "os/winget":
		return "it opens its database by a path of the machine's own file system, or a temporary copy"
	case "dotnet/pe", "containers/dockercomposeimage":
		return "it opens its file by a path of the machine's own file system, or a temporary copy"
	}
	return ""
}
