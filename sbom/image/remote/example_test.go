package remote_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	gcr "github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
	"github.com/imagetrust/imagetrust/sbom/image/remote"
)

func ExampleOpen() {
	// A registry on this machine, with one image.
	srv := httptest.NewServer(registry.New(quiet))
	defer srv.Close()
	host := srv.Listener.Addr().String()
	tag, err := name.NewTag(host + "/app:1")
	must(err)
	must(gcr.Write(tag, makeImage("arm64", "hello")))

	img, err := remote.Open(context.Background(), host+"/app:1", &remote.Options{
		Image: image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "arm64"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	fmt.Println(img.Subject().Platform, len(img.Layers()))
	for e, err := range img.Layers()[0].Entries(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(e.Path, e.Size)
	}
	// Output:
	// linux/arm64 1
	// file 5
}
