package image_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// exampleImage writes a docker-archive of two layers, the second of which changes
// one file and removes another.
func exampleImage() string {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	name := filepath.Join(dir, "app.tar")
	data := docker(imageSpec{
		layers: []layerSpec{
			plainLayer(dir0("etc/"), file("etc/motd", "hello\n"), file("etc/secret", "password\n")),
			gzipLayer(file("etc/motd", "welcome\n"), file("etc/.wh.secret", "")),
		},
		config: func(cf *v1.ConfigFile) {
			cf.History = []v1.History{{CreatedBy: "ADD rootfs.tar /"}, {CreatedBy: "RUN rm /etc/secret"}}
		},
	}, "app:1").tar()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		panic(err)
	}
	return name
}

var dir0 = dir

func ExampleFromV1() {
	// Any image of go-containerregistry: random, mutated, from a daemon.
	v1Image, err := mutate.Config(empty.Image, v1.Config{Entrypoint: []string{"/app"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	img, err := image.FromV1(v1Image, &image.Options{Name: "app"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	fmt.Println(img.Subject().Name, img.Config().Config.Entrypoint, len(img.Layers()), "layers")
	// Output: app [/app] 0 layers
}

func ExampleOpen() {
	path := exampleImage()
	defer os.RemoveAll(filepath.Dir(path))

	img, err := image.Open(path, &image.Options{Ref: "app:1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	fmt.Println(img.Subject().Platform)
	for _, l := range img.Layers() {
		info := l.Info()
		fmt.Println(info.Index, info.CreatedBy)
	}
	// Output:
	// linux/amd64
	// 0 ADD rootfs.tar /
	// 1 RUN rm /etc/secret
}

func ExampleLayer_Entries() {
	path := exampleImage()
	defer os.RemoveAll(filepath.Dir(path))
	img, err := image.Open(path, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()

	for _, l := range img.Layers() {
		for e, err := range l.Entries(context.Background()) {
			if err != nil {
				fmt.Println(err) // The layer is not what its digests say, or broken.
				return
			}
			switch {
			case e.Whiteout != "":
				fmt.Println(l.Info().Index, "removes", e.Whiteout)
			default:
				fmt.Println(l.Info().Index, e.Mode, e.Path, e.Size)
			}
		}
	}
	// Output:
	// 0 drwxr-xr-x etc 0
	// 0 -rw-r--r-- etc/motd 6
	// 0 -rw-r--r-- etc/secret 9
	// 1 -rw-r--r-- etc/motd 8
	// 1 removes etc/secret
}

func ExampleImage_FS() {
	path := exampleImage()
	defer os.RemoveAll(filepath.Dir(path))
	img, err := image.Open(path, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()

	fsys, err := img.FS(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := fs.ReadFile(fsys, "etc/motd")
	fmt.Printf("%s%v\n", data, err)
	_, err = fs.Stat(fsys, "etc/secret")
	fmt.Println(err)
	// Output:
	// welcome
	// <nil>
	// stat etc/secret: file does not exist
}

func ExampleOpenDir() {
	root, err := os.MkdirTemp("", "rootfs")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(root)
	if err := os.Symlink("/usr/bin/vim", filepath.Join(root, "editor")); err != nil {
		panic(err)
	}
	img, err := image.OpenDir(root, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	for e, err := range img.Layers()[0].Entries(context.Background()) {
		fmt.Println(e.Path, e.Mode.Type(), e.Link, err)
	}
	// Output:
	// . d---------  <nil>
	// editor L--------- /usr/bin/vim <nil>
}
