package gem_test

import (
	"context"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/gem"
)

func ExampleNew() {
	const spec = `# stub: nokogiri 1.15.4 x86_64-linux lib
Gem::Specification.new do |s|
  s.name = "nokogiri".freeze
  s.version = "1.15.4"
  s.platform = "x86_64-linux".freeze
  s.licenses = ["MIT".freeze]
end
`
	f := detecttest.File{Path: "usr/local/bundle/specifications/nokogiri-1.15.4-x86_64-linux.gemspec", Data: []byte(spec)}.Open()
	frag, err := gem.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Licenses[0].Expression)
	// Output: pkg:gem/nokogiri@1.15.4?platform=x86_64-linux MIT
}
