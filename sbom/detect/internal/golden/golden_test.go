package golden

import (
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

func TestText(t *testing.T) {
	frag := &detect.Fragment{
		Components: []detect.Component{{Key: "k", Aliases: []string{"a"}, Component: sbom.Component{
			Type: "library", Name: "n", Version: "1", PURL: "pkg:generic/n@1", Source: &sbom.SourcePackage{Name: "s"},
			Licenses: []sbom.License{{Expression: "MIT", Name: "mit"}}}}},
		Claims:      []detect.Claim{{Key: "k", Path: "p", Digest: "md5:x", Ground: sbom.ClaimDirectory, Tree: true, Config: true, Optional: true}, {Key: "k", Path: "q"}},
		Annotations: []detect.Annotation{{Key: "k", Properties: []sbom.Property{{Name: "x", Value: "y"}}, Licenses: []sbom.License{{Name: "z"}}}},
		Relations:   []detect.Relation{{From: "k", To: "l", Type: sbom.DependsOn}},
		Gaps:        []sbom.Gap{{Kind: sbom.GapLimit, Message: "m"}},
	}
	const want = `library k [a]
  n 1 pkg:generic/n@1
  arch "" scope "" supplier "" description "" properties [] hashes [] cpes []
  source s 
  license "MIT" "mit"
claim k "p" md5:x directory tree config optional
claim k "q"
annotation k [{x y}]
  license "" "z"
k depends-on l
gap limit m
`
	if got := string(Text(frag)); got != want {
		t.Errorf("got:\n%s", got)
	}
	if Text(nil) != nil {
		t.Error("no fragment says something")
	}
}
