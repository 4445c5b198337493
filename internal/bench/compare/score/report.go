// Package score compares what a scanner says about a benchmark image with what is
// true of it. [Inventory], [Syft] and [Scalibr] read what each of them says into one
// form; [Against] counts what is right, what is missing and what is made up.
package score

import (
	"regexp"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

// Report is what a scanner says about an image, in the words of package truth.
type Report struct {
	// Installed are the packages that it takes for installed.
	Installed []Package
	// Programs are the modules that it says Go programs are built from. The truth
	// lists what is in programs, not the programs.
	Programs map[string]bool
	// Apart are the files of which it says that they name a package which is not
	// installed (bundled in another one, test data, only declared), or something
	// that is no package of an ecosystem, or one that it cannot identify.
	Apart map[string]bool
	// Integrity reports whether it compares files with what their packages
	// recorded. Without it the rest says nothing.
	Integrity bool
	// Changes are the files that are not as packaged.
	Changes []truth.Change
	// Missing is how many files each Debian package has lost, Ghosts are those of
	// which it says that all are lost.
	Missing map[string]int
	Ghosts  map[string]bool
}

// Unknown is the layer of a package whose layer the scanner does not say.
const Unknown = -1

// Package is one package at one place, as a scanner names it.
type Package struct {
	Ecosystem truth.Ecosystem
	Name      string // normalised; see [Normalize]
	Version   string // normalised
	// Path is the file of the image that says so, relative to the root, even
	// when that is an archive which says so deep inside; empty for Debian packages.
	Path string
	// Layer is the index of the layer that brought this version, Introduced that
	// of the layer since which the package is there in any version; Unknown when
	// not said.
	Layer, Introduced int
}

// fromPURL returns what a package URL names. It reports false for ecosystems
// that the truth knows nothing of.
func fromPURL(purl string) (Package, bool) {
	p, err := packageurl.FromString(purl)
	if err != nil {
		return Package{}, false
	}
	eco := truth.Ecosystem(p.Type)
	name := p.Name
	switch eco {
	case truth.Debian, truth.PyPI, truth.Gem:
	case truth.Maven:
		name = p.Namespace + ":" + p.Name
	case truth.NPM, truth.Go:
		if p.Namespace != "" {
			name = p.Namespace + "/" + p.Name
		}
	default:
		return Package{}, false
	}
	return normalized(eco, name, p.Version), true
}

func normalized(eco truth.Ecosystem, name, version string) Package {
	name, version = Normalize(eco, name, version)
	return Package{Ecosystem: eco, Name: name, Version: version, Layer: Unknown, Introduced: Unknown}
}

// inArchive is where a path goes on into an archive: "a.jar!/b.jar" for us,
// "a.jar/b.jar" for scalibr.
var inArchive = regexp.MustCompile(`!/|\.(?:jar|war|ear)/`)

// outermost returns the file of the image that a path is in, as the truth spells it.
func outermost(path string) string {
	path = strings.TrimPrefix(path, "/")
	if at := inArchive.FindStringIndex(path); at != nil {
		return strings.TrimRight(path[:at[1]], "!/")
	}
	return path
}
