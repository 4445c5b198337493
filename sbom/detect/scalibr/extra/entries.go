package extra

import (
	"github.com/google/osv-scalibr/extractor/filesystem/language/cpp/conanlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dotnet/csproj"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dotnet/packagesconfig"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dotnet/paketlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dotnet/projectassetsjson"
	"github.com/google/osv-scalibr/extractor/filesystem/language/gleam/gleamtoml"
	"github.com/google/osv-scalibr/extractor/filesystem/language/java/gradlelockfile"
	"github.com/google/osv-scalibr/extractor/filesystem/language/java/gradleverificationmetadataxml"
	"github.com/google/osv-scalibr/extractor/filesystem/language/java/gradleversioncatalog"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/vsix"
	"github.com/google/osv-scalibr/extractor/filesystem/language/nim/nimble"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/setup"
	"github.com/google/osv-scalibr/extractor/filesystem/misc/githubactions"
	"github.com/google/osv-scalibr/extractor/filesystem/misc/netscaler"
	"github.com/google/osv-scalibr/extractor/filesystem/misc/vscodeextensions"
	"github.com/google/osv-scalibr/extractor/filesystem/os/chocolatey"
	"github.com/google/osv-scalibr/extractor/filesystem/os/cos"
	"github.com/google/osv-scalibr/extractor/filesystem/os/flatpak"
	"github.com/google/osv-scalibr/extractor/filesystem/os/macports"
	"github.com/google/osv-scalibr/extractor/filesystem/os/snap"
	"github.com/google/osv-scalibr/extractor/filesystem/os/spack"
	"github.com/google/osv-scalibr/extractor/filesystem/runtime/asdf"
	"github.com/google/osv-scalibr/extractor/filesystem/runtime/mise"
	"github.com/google/osv-scalibr/extractor/filesystem/runtime/nodejs/nodeversion"
	"github.com/google/osv-scalibr/extractor/filesystem/runtime/nodejs/nvm"
	"github.com/google/osv-scalibr/extractor/filesystem/sbom/cdx"
	"github.com/google/osv-scalibr/extractor/filesystem/sbom/spdx"
)

// words is a list.
func words(w ...string) []string { return w }

// entries are in the order of their extractors' names.
var entries = []entry{
	{conanlock.New, "C and C++ (Conan)", words("conan.lock"), words("conan"), false},
	{csproj.New, ".NET projects", words("*.csproj", "*.vbproj", "*.fsproj"), words("nuget"), false},
	{packagesconfig.New, ".NET packages.config", words("packages.config"), words("nuget"), false},
	{paketlock.New, ".NET Paket, lock file", words("paket.lock"), words("nuget"), false},
	{projectassetsjson.New, ".NET project.assets.json", words("project.assets.json"), words("nuget"), false},
	{githubactions.New, "GitHub Actions", words(".github/workflows/*.yml", ".github/workflows/*.yaml"), words("github"), false},
	{gleamtoml.New, "Gleam", words("gleam.toml"), words("hex"), false},
	{gradlelockfile.New, "Gradle, lock files", words("gradle.lockfile", "buildscript-gradle.lockfile"), words("maven"), false},
	{gradleverificationmetadataxml.New, "Gradle, verification metadata", words("gradle/verification-metadata.xml"), words("maven"), false},
	{gradleversioncatalog.New, "Gradle, version catalogs", words("libs.versions.toml", "gradle/*.versions.toml"), words("maven"), false},
	{vsix.New, "VS Code extensions, archives", words("*.vsix"), words("npm"), false},
	{netscaler.New, "NetScaler", words("nsversion", "loader.conf", "ns.conf", "ns-*"), nil, true},
	{nimble.New, "Nim (Nimble)", words("*.nimble"), words("nim"), false},
	{chocolatey.New, "Chocolatey", words("chocolatey/lib/**/*.nuspec"), words("chocolatey"), false},
	{cos.New, "Container-Optimized OS", words("etc/cos-package-info.json"), words("cos"), false},
	{flatpak.New, "Flatpak", words("flatpak/app/**/export/share/metainfo/*metainfo.xml"), words("flatpak"), false},
	{macports.New, "MacPorts", words("macports/registry/portfiles/*/*/portfile"), words("macports"), false},
	{snap.New, "Snap", words("snap/*/*/meta/snap.yaml"), words("snap"), false},
	{spack.New, "Spack", words(".spack/spec.json"), words("spack"), false},
	{setup.New, "Python, setup.py", words("setup.py"), words("pypi"), false},
	{asdf.New, "asdf", words(".tool-versions"), words("asdf"), false},
	{mise.New, "mise", words("mise.toml", "mise.local.toml", "mise/config.toml", ".mise/config.toml", ".config/mise/conf.d/*.toml"), words("mise"), false},
	{nodeversion.New, "Node.js, .node-version", words(".node-version"), words("generic"), false},
	{nvm.New, "Node.js, .nvmrc", words(".nvmrc"), words("generic"), false},
	{cdx.New, "CycloneDX documents", words("*.cdx.json", "*.cdx.xml", "bom.json", "bom.xml"), nil, false},
	{spdx.New, "SPDX documents", words("*.spdx", "*.spdx.*"), nil, false},
	{vscodeextensions.New, "VS Code extensions", words(".vscode/extensions/extensions.json"), words("generic"), false},
}
