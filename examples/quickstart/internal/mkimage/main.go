// Command mkimage builds the image that the quickstart examines, as an OCI
// layout of named, checked Debian and npm packages and a Go program:
//
//	go run ./examples/quickstart/internal/mkimage -out examples/quickstart/testdata/image
//
// It needs apt-get, dpkg-deb and npm (on Debian 12), and go. The same packages give the
// same bytes. The image has five layers and five planted faults:
//
//   - libexpat1 has known vulnerabilities, and so have the Go modules of
//     app/storefront and lodash;
//   - usr/local/bin/fetchq is a copy of jq that no package owns;
//   - 16 bytes of zlib1g's library were changed by the last layer;
//   - left-pad is in package-lock.json and was deleted by the last layer;
//   - commons-logging was copied in, away from Debian's own metadata.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// ref names the image; nothing is pulled from or pushed to it.
const ref = "quickstart.example/storefront:" + appVersion

// built is the time of everything that has none of its own.
var built = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "", "directory of the OCI layout to make; must not exist")
	work := flag.String("work", "", "directory that keeps the downloaded packages between runs (default: a temporary one)")
	archive := flag.String("docker-archive", "", "also write the image as a docker-archive, for tools that read no OCI layout")
	flag.Parse()
	if *out == "" {
		log.Fatal("mkimage: -out is missing")
	}
	if err := run(*out, *archive, *work); err != nil {
		log.Fatal("mkimage: ", err)
	}
}

func run(out, archive, work string) error {
	if work == "" {
		dir, err := os.MkdirTemp("", "mkimage")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		work = dir
	}
	pkgs, err := fetch(work)
	if err != nil {
		return err
	}
	steps, err := steps(pkgs, work)
	if err != nil {
		return err
	}
	img, err := image(steps)
	if err != nil {
		return err
	}
	if archive != "" {
		if err := tarball.WriteToFile(archive, name.MustParseReference(ref).(name.Tag), img); err != nil {
			return err
		}
	}
	return write(out, img)
}

// image puts the steps' layers together, with their history.
func image(steps []step) (v1.Image, error) {
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = mutate.ConfigMediaType(img, types.OCIConfigJSON)
	for _, s := range steps {
		add := mutate.Addendum{History: v1.History{Created: v1.Time{Time: built}, CreatedBy: s.by, EmptyLayer: s.tree == nil}}
		if s.tree != nil {
			layer, err := s.tree.layer()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.by, err)
			}
			add.Layer = layer
		}
		var err error
		if img, err = mutate.Append(img, add); err != nil {
			return nil, err
		}
	}
	cfg, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	cfg = cfg.DeepCopy()
	cfg.OS, cfg.Architecture = "linux", "amd64"
	cfg.Created = v1.Time{Time: built}
	cfg.Config = v1.Config{
		Entrypoint: []string{"/app/storefront"},
		Env:        []string{"PATH=/usr/local/bin:/usr/bin:/bin"},
		WorkingDir: "/app",
		Labels:     map[string]string{"org.opencontainers.image.title": "storefront", "org.opencontainers.image.version": appVersion},
	}
	return mutate.ConfigFile(img, cfg)
}

func write(out string, img v1.Image) error {
	if _, err := os.Stat(out); err == nil {
		return fmt.Errorf("%s exists; remove it first", out)
	}
	p, err := layout.Write(out, empty.Index)
	if err != nil {
		return err
	}
	named := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": ref})
	if err := p.AppendImage(img, named, layout.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"})); err != nil {
		return err
	}
	d, err := img.Digest()
	if err != nil {
		return err
	}
	fmt.Println(d)
	return nil
}
