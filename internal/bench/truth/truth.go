// Package truth is what is known of a benchmark image before any scanner has
// looked at it: the packages, the layers that brought them, what was deleted and
// what was tampered with. [Collect] reads it from the merged directory tree with the
// tools of each ecosystem (dpkg-query, go version -m) and the plainest possible
// reading of metadata files; it shares no code with the library that it judges.
package truth

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// File is the name of the file, in an image's directory, that holds its Image.
const File = "truth.json"

// Base is the name of the layer that all images begin with.
const Base = "debian base"

// Tarballs is the name of the directory, beside those of the images, that holds
// packages of npm's registry as they are served.
const Tarballs = ".npm-tarballs"

// Image is the truth about one image.
type Image struct {
	Name   string  `json:"name"`
	Layers []Layer `json:"layers"`
	// Packages are what is installed in the merged tree.
	Packages []Package `json:"packages"`
	// Beside are packages whose metadata is in the merged tree although nobody
	// installed them: vendored inside another package, or a fixture of its tests. A
	// scanner is right to mention them, and wrong to call them installed.
	Beside []Package `json:"beside,omitempty"`
	// Leftovers are Debian packages that were removed but not purged
	// ("config-files"): in the database, not installed.
	Leftovers []Package `json:"leftovers,omitempty"`
	// Ghosts are Debian packages that dpkg takes for installed although files of
	// theirs are gone.
	Ghosts []Ghost `json:"ghosts,omitempty"`
	// Changes are the files that are not what a Debian package recorded, and the
	// setuid and setgid files of no package.
	Changes []Change `json:"changes,omitempty"`
}

// Layer is one layer as it was written.
type Layer struct {
	Name           string `json:"name"`           // what the recipe calls it
	Compressor     string `json:"compressor"`     // of the OCI layout's blob
	DiffID         string `json:"diffID"`         // digest of the tar stream
	Digest         string `json:"digest"`         // digest of the gzip blob
	Size           int64  `json:"size"`           // bytes of the tar stream
	CompressedSize int64  `json:"compressedSize"` // bytes of the gzip blob
	Entries        int    `json:"entries"`        // of any type
	Files          int    `json:"files"`          // regular files that are no whiteouts
	Links          int    `json:"links"`          // hard links
	Whiteouts      int    `json:"whiteouts"`
	Opaque         int    `json:"opaque"`
}

// An Ecosystem says how a package is known.
type Ecosystem string

// The ecosystems that are read.
const (
	Debian Ecosystem = "deb"    // dpkg-query
	NPM    Ecosystem = "npm"    // package.json below a node_modules root
	PyPI   Ecosystem = "pypi"   // .dist-info/METADATA, .egg-info
	Go     Ecosystem = "golang" // modules that go version -m names
	Maven  Ecosystem = "maven"  // pom.properties in archives, and the layout of Maven's repositories; the name is group:artifact
	Gem    Ecosystem = "gem"    // specifications/*.gemspec
)

// Package is one package at one place. The same name and version at two places
// are two Packages.
type Package struct {
	Ecosystem Ecosystem `json:"ecosystem"`
	Name      string    `json:"name"`
	Version   string    `json:"version"`
	Arch      string    `json:"arch,omitempty"` // of a Debian package
	// Path is the file that says so, relative to the root, with "!/" before each
	// step into an archive. Empty for Debian packages.
	Path string `json:"path,omitempty"`
	// Owner is the Debian package that owns the outermost file of Path; empty when
	// none does.
	Owner string `json:"owner,omitempty"`
	// Layer is the index of the layer that brought this version: for a Debian
	// package the one whose database first has it, otherwise the newest that holds
	// the outermost file of Path.
	Layer int `json:"layer"`
	// Introduced is the index of the layer since which a Debian package of this
	// name has been installed without a break; lower than Layer after an upgrade.
	// It equals Layer for every other ecosystem.
	Introduced int `json:"introduced"`
}

// Ghost is a Debian package whose files are gone.
type Ghost struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Files   int    `json:"files"`   // that its md5sums records
	Missing int    `json:"missing"` // of these
}

// A Kind of change.
type Kind string

// The kinds of changes.
const (
	Modified Kind = "modified" // not the content that the package recorded
	Missing  Kind = "missing"  // recorded, not there
	Unowned  Kind = "unowned"  // setuid or setgid, of no package
)

// Change is one file that is not as packaged.
type Change struct {
	Kind    Kind   `json:"kind"`
	Path    string `json:"path"` // relative to the root, as in the tar stream
	Package string `json:"package,omitempty"`
	// Layer is the index of the layer that holds the file as it is, or the whiteout
	// that hides it.
	Layer int `json:"layer"`
}

// Read reads the truth about the image in dir.
func Read(dir string) (*Image, error) {
	data, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		return nil, err
	}
	img := new(Image)
	if err := json.Unmarshal(data, img); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, File), err)
	}
	return img, nil
}

// Write writes img into dir.
func Write(dir string, img *Image) error {
	data, err := json.MarshalIndent(img, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, File), append(data, '\n'), 0o644)
}

// Dir returns the directory of the benchmark images: IMAGETRUST_BENCH_IMAGES, or
// imagetrust-bench in the user's cache directory. In it are, for each image NAME,
// NAME/oci (an OCI layout), NAME/docker.tar (as docker save wrote it) and
// NAME/truth.json.
func Dir() (string, error) {
	if dir := os.Getenv("IMAGETRUST_BENCH_IMAGES"); dir != "" {
		return dir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "imagetrust-bench"), nil
}
