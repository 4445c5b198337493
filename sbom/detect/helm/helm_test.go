package helm

import (
	"context"
	"fmt"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	const content = "services: {db: {image: \"postgres:15.3\"}}\n"
	f := detecttest.File{Path: "srv/docker-compose.yml", Data: []byte(content)}.Open()
	frag, err := New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Scope)
	// Output: pkg:docker/library/postgres@15.3 declared
}

func TestTree(t *testing.T) { golden.TestTree(t, New(), maxFile) }

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"Chart.yaml": true, "a/Chart.lock": true, "requirements.lock": true, "yarn.lock": false, "a/values.yaml": true, "Chart.yml": false,
		"compose.yaml": true, "docker-compose.prod.yml": true, "composer.yaml": false, "docker-compose.json": false, "a/other.yaml": false,
		"node_modules/a/docker-compose.yml": false, "vendor/a/Chart.yaml": false,
		"srv/docker-compose.yml": true,
	})
}

// FuzzDetect checks the contract, and that nothing is without a version or is claimed
// by what is not there.
func FuzzDetect(f *testing.F) { golden.Fuzz(f, New(), golden.Tree(f), golden.Whole(nil)) }

// TestHead: other files of YAML are told by how they begin.
func TestHead(t *testing.T) {
	for head, want := range map[string]bool{
		"apiVersion: v1\nkind: Pod\n": true, "# c\nkind: Pod\napiVersion: v1\n": true, "kind: Pod\n": false, "a:\n  apiVersion: v1\n  kind: x\n": false,
	} {
		if got := New().Wants(&detect.Entry{Path: "a.yaml", Size: int64(len(head)), Head: []byte(head)}); got != want {
			t.Errorf("%q: %t", head, got)
		}
	}
}

func TestParseReference(t *testing.T) {
	const digest = "sha256:2c729f934b4e1aa149aff882f57c6372c15399a20d54f65c8d67bef583021bde"
	for in, want := range map[string]string{
		"nginx:1": "pkg:docker/library/nginx@1", "docker.io/library/nginx:1": "pkg:docker/library/nginx@1", "index.docker.io/a/b:1": "pkg:docker/a/b@1",
		"localhost/a:1": "pkg:docker/a@1?repository_url=localhost", "r.io:5000/a/b:1": "pkg:docker/a/b@1?repository_url=r.io:5000",
		"nginx@" + digest:      "pkg:oci/nginx@sha256:" + digest[7:] + "?repository_url=docker.io%2Flibrary%2Fnginx",
		"r.io/a/b:1@" + digest: "pkg:oci/b@sha256:" + digest[7:] + "?repository_url=r.io%2Fa%2Fb&tag=1",
	} {
		r, ok := parseReference(in)
		if got := r.component().PURL; !ok || got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{"", "A:1", "a//b:1", "a:1:2", "a:b c", "a@sha256:1", "r$.io/a:1", "/a:1", "a:", "a: 1"} {
		if r, ok := parseReference(in); ok {
			t.Errorf("%q: %+v", in, r)
		}
	}
}
