package depcheck

import (
	"slices"
	"strings"
	"testing"
)

const module = "github.com/imagetrust/imagetrust"

const (
	purl     = "github.com/package-url/packageurl-go"
	semantic = "github.com/google/osv-scalibr"
	gcr      = "github.com/google/go-containerregistry"
	toml     = "github.com/BurntSushi/toml"
	yaml     = "go.yaml.in/yaml/v3"
	cdx      = "github.com/CycloneDX/cyclonedx-go"
)

// image are the modules behind go-containerregistry's local packages, and what inflates.
var image = []string{purl, gcr, "github.com/klauspost/compress", "github.com/opencontainers/go-digest", "github.com/opencontainers/image-spec",
	"github.com/docker/cli", "golang.org/x/sync", "golang.org/x/sys"}

// rules are those of the map in ARCHITECTURE.md.
var rules = map[string]Rule{
	"sbom is the model": {
		Packages: []string{"sbom"}, Modules: []string{purl}, OnlyOwn: []string{}, NotPackages: []string{"net/http", "os/exec"}},
	"detectors are light": {
		Packages: []string{"sbom/detect", "sbom/detect/apk", "sbom/detect/composer", "sbom/detect/conda", "sbom/detect/dotnet", "sbom/detect/gem", "sbom/detect/homebrew", "sbom/detect/java",
			"sbom/detect/lua", "sbom/detect/nix", "sbom/detect/opam", "sbom/detect/opkg", "sbom/detect/osrelease", "sbom/detect/otp", "sbom/detect/pacman",
			"sbom/detect/perl", "sbom/detect/portage", "sbom/detect/python", "sbom/detect/r", "sbom/detect/rpm", "sbom/detect/swift", "sbom/detect/wordpress"},
		Modules: []string{purl}, OnlyOwn: []string{"sbom", "sbom/detect/...", "internal/..."}, NotPackages: []string{"net/http", "os/exec"}},
	"detectors of Go's files need Go's own modules": {
		Packages: []string{"sbom/detect/golang", "sbom/detect/gomod"},
		Modules:  []string{purl, "golang.org/x/mod"}, OnlyOwn: []string{"sbom", "sbom/detect/...", "internal/..."}, NotPackages: []string{"net/http", "os/exec"}},
	"detectors of TOML and YAML need these": {
		Packages: []string{"sbom/detect/cargo", "sbom/detect/dart", "sbom/detect/haskell", "sbom/detect/helm", "sbom/detect/jslock", "sbom/detect/julia", "sbom/detect/npm", "sbom/detect/pylock"},
		Modules:  []string{purl, toml, yaml}, OnlyOwn: []string{"sbom", "sbom/detect/...", "internal/..."}, NotPackages: []string{"net/http", "os/exec"}},
	"detectors of Zstandard need it": {
		Packages: []string{"sbom/detect/dpkg", "sbom/detect/kernel"},
		Modules:  []string{purl, "github.com/klauspost/compress"}, OnlyOwn: []string{"sbom", "sbom/detect/...", "internal/..."}, NotPackages: []string{"net/http", "os/exec"}},
	"what detectors share needs no module": {
		Packages: []string{"sbom/detect/internal/declared", "sbom/detect/internal/fixture", "sbom/detect/internal/oneline", "sbom/detect/internal/origin",
			"sbom/detect/internal/ospkg", "sbom/detect/internal/pep", "sbom/detect/internal/readlimit", "sbom/detect/internal/section", "sbom/detect/internal/statement"},
		Modules: []string{purl}, OnlyOwn: []string{"sbom", "sbom/detect", "sbom/detect/internal/...", "internal/..."}, NotPackages: []string{"net/http", "os/exec"}},
	"licence texts need licensecheck": {
		Packages: []string{"sbom/license"}, Modules: []string{purl, "github.com/google/licensecheck"},
		OnlyOwn: []string{"sbom", "sbom/detect", "internal/..."}, NotPackages: []string{"net/http", "os/exec"}},
	"quality needs only the model": {
		Packages: []string{"sbom/quality"}, Modules: []string{purl}, OnlyOwn: []string{"sbom"}, NotPackages: []string{"net/http", "os/exec"}},
	"an index joins inventories and writes documents": {
		Packages: []string{"sbom/index"}, Modules: append([]string{"golang.org/x/mod", toml, yaml, cdx}, image...),
		OnlyOwn: []string{"sbom", "sbom/catalog", "sbom/cyclonedx", "sbom/detect/...", "sbom/image", "sbom/spdx", "internal/..."}, NotPackages: []string{"net/http", "os/exec"}},
	"what builders state needs no network": {
		Packages: []string{"sbom/buildkit"}, Modules: image, OnlyOwn: []string{"sbom", "sbom/image", "sbom/spdx", "internal/..."}, NotPackages: []string{"net/http", "os/exec"}},
	"images need no network": {
		Packages: []string{"sbom/image", "sbom/catalog", "internal/squash"}, Modules: append([]string{"golang.org/x/mod", toml, yaml}, image...), NotPackages: []string{"net/http", "os/exec"}},
	"inflate needs nothing": {
		Packages: []string{"internal/inflate"}, OnlyOwn: []string{}, NotPackages: []string{"net/http", "os/exec", "compress/flate"}},
	"documents need their own libraries": {
		Packages: []string{"sbom/cyclonedx", "sbom/spdx"}, Modules: []string{purl, cdx, "github.com/spdx/tools-golang", "github.com/anchore/go-struct-converter"},
		NotPackages: []string{"net/http", "os/exec"}},
	"the core is pure": {
		Packages: []string{"sbom/identity", "scan", "scan/osv", "reconcile", "rbom", "policy"}, Modules: []string{purl, semantic}, NotPackages: []string{"net/http", "os/exec"}},
	"rbom needs only the model": {
		Packages: []string{"rbom", "rbom/procfs"}, Modules: []string{purl}, OnlyOwn: []string{"sbom", "rbom"}, NotPackages: []string{"net/http", "os/exec"}},
	"reports need CycloneDX": {
		Packages: []string{"scan/report"}, Modules: []string{purl, semantic, cdx}, NotPackages: []string{"net/http", "os/exec"}},
	"attest is the standard library, and knows no image": {
		Packages: []string{"attest", "attest/slsa", "attest/dossier"}, OnlyOwn: []string{"attest", "attest/internal/...", "internal/..."}, NotPackages: []string{"net/http", "os/exec"}},
	"plugins are run by the standard library": {
		Packages: []string{"attest/kms"}, OnlyOwn: []string{"attest", "attest/internal/...", "internal/..."}, NotPackages: []string{"net/http"}},
	"what BuildKit says is read without trusting anybody": {
		Packages: []string{"sbom/buildkit"}, Modules: image, OnlyOwn: []string{"sbom", "sbom/image", "sbom/spdx", "internal/..."}, NotPackages: []string{"net/http", "os/exec"}},
	"the index of Debian's programs is data": {
		Packages: []string{"sbom/detect/binary/fileindex/debian"},
		OnlyOwn:  []string{"sbom/detect/binary/fileindex", "internal/inflate"}, NotPackages: []string{"net/http", "os/exec"}},
	"the table of Debian's static libraries is data": {
		Packages: []string{"sbom/detect/binary/staticlib/debian"}, OnlyOwn: []string{"sbom/detect/binary/staticlib"}, NotPackages: []string{"net/http", "os/exec"}},
	"reconcile knows no policy": {
		Packages: []string{"reconcile"}, Modules: []string{purl, semantic}, OnlyOwn: []string{"sbom", "sbom/identity", "scan", "internal/..."}},
}

func TestRules(t *testing.T) {
	g, err := Load(module + "/...")
	if err != nil {
		t.Fatal(err)
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			for _, p := range rule.Packages {
				if len(g.match(module, []string{p})) == 0 {
					t.Errorf("the rule is about %s, which is not there", p)
				}
			}
			for _, problem := range g.Check(module, rule) {
				t.Error(problem)
			}
		})
	}
}

// networked are the only packages that may link net/http: those whose name says
// so, and programs.
// The last three are a server for tests, and the programs that make the table of learned rules and
// indexes of programs.
var networked = []string{"sbom/image/remote", "attest/oci", "attest/sigstore/...", "examples/...", "attest/internal/sigstoretest", "sbom/detect/binary/rules/learn", "sbom/detect/binary/fileindex/build"}

func TestOnlyNamedPackagesReachTheNetwork(t *testing.T) {
	g, err := Load(module + "/...")
	if err != nil {
		t.Fatal(err)
	}
	allowed := make(map[string]bool)
	for _, p := range g.match(module, networked) {
		allowed[p] = true
	}
	for _, p := range g.match(module, []string{"sbom/...", "scan/...", "reconcile/...", "rbom/...", "attest/...", "policy/...", "internal/..."}) {
		if chain, ok := g.reach(p)["net/http"]; ok && !allowed[p] {
			t.Errorf("%s can reach the network:\n\t%s", p, strings.Join(chain, "\n\t-> "))
		}
	}
}

// TestOnlyProgramsHaveTheTablesOfDebian has no package link the large tables of Debian's programs and
// libraries: who wants them says so.
func TestOnlyProgramsHaveTheTablesOfDebian(t *testing.T) {
	g, err := Load(module + "/...")
	if err != nil {
		t.Fatal(err)
	}
	packages := g.match(module, []string{"sbom/...", "scan/...", "reconcile/...", "rbom/...", "attest/...", "policy/...", "internal/..."})
	for _, debian := range []string{module + "/sbom/detect/binary/fileindex/debian", module + "/sbom/detect/binary/staticlib/debian"} {
		if !slices.Contains(packages, debian) {
			t.Fatalf("%s is not there", debian)
		}
		for _, p := range packages {
			if chain, ok := g.reach(p)[debian]; ok && p != debian {
				t.Errorf("%s links the table:\n\t%s", p, strings.Join(chain, "\n\t-> "))
			}
		}
	}
}

// TestInflateIsSafe holds internal/inflate to its promise: the tag inflate_unsafe, and
// nothing else, brings unsafe in.
func TestInflateIsSafe(t *testing.T) {
	g, err := Load(module + "/internal/inflate")
	if err != nil {
		t.Fatal(err)
	}
	p, ok := g[module+"/internal/inflate"]
	if !ok || len(p.Imports) == 0 {
		t.Fatal("internal/inflate is not there")
	}
	if slices.Contains(p.Imports, "unsafe") {
		t.Error("the default build of internal/inflate imports unsafe")
	}
}

func TestCheckFindsWhatIsForbidden(t *testing.T) {
	mod := func(path string) *struct{ Path string } { return &struct{ Path string }{path} }
	g := Graph{
		"m/a":           {ImportPath: "m/a", Imports: []string{"m/b", "fmt"}, Module: mod("m")},
		"m/b":           {ImportPath: "m/b", Imports: []string{"x.example/lib", "net/http"}, Module: mod("m")},
		"x.example/lib": {ImportPath: "x.example/lib", Module: mod("x.example")},
		"net/http":      {ImportPath: "net/http", Standard: true},
		"fmt":           {ImportPath: "fmt", Standard: true},
	}
	for name, tc := range map[string]struct {
		rule Rule
		want string
	}{
		"a module":          {Rule{Packages: []string{"a"}}, "m/a: links the module x.example:\n\tm/a\n\t-> m/b\n\t-> x.example/lib"},
		"a package":         {Rule{Packages: []string{"a"}, Modules: []string{"x.example"}, NotPackages: []string{"net/http"}}, "m/a: links net/http:\n\tm/a\n\t-> m/b\n\t-> net/http"},
		"an own package":    {Rule{Packages: []string{"a"}, Modules: []string{"x.example"}, OnlyOwn: []string{}}, "m/a: links the package b:\n\tm/a\n\t-> m/b"},
		"nothing forbidden": {Rule{Packages: []string{"a", "b"}, Modules: []string{"x.example"}, OnlyOwn: []string{"b"}}, ""},
	} {
		if got := strings.Join(g.Check("m", tc.rule), "\n"); got != tc.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, tc.want)
		}
	}
}
