package scalibr_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	"github.com/google/osv-scalibr/extractor/filesystem/misc/gitrepo"
	"github.com/google/osv-scalibr/extractor/filesystem/os/spack"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/scalibr"
)

// An extractor of osv-scalibr reads one file of an image. A catalog does this with
// catalog.Options.Detectors. The spec of one package in Spack names two, of which
// only the first is installed here.
func ExampleNew() {
	ex, err := spack.New(&cpb.PluginConfig{})
	if err != nil {
		panic(err)
	}
	d, err := scalibr.New(ex)
	if err != nil {
		panic(err)
	}
	const spec = `{"spec": {"nodes": [
		{"name": "zlib", "version": "1.3.1", "hash": "aaaa"},
		{"name": "gmake", "version": "4.4.1", "hash": "bbbb"}]}}`
	f := &detect.File{
		Entry:    detect.Entry{Path: "opt/spack/zlib-1.3.1-aaaa/.spack/spec.json", Size: int64(len(spec))},
		ReaderAt: strings.NewReader(spec),
	}
	fmt.Println(d.ID(), d.Wants(&f.Entry))
	frag, err := d.Detect(context.Background(), f)
	if err != nil {
		panic(err)
	}
	for _, c := range frag.Components {
		fmt.Printf("%s scope %q\n", c.PURL, c.Scope)
	}
	// Output:
	// scalibr/os/spack@1-0.5.3-0 true
	// pkg:spack/gmake@4.4.1 scope "declared"
	// pkg:spack/zlib@1.3.1 scope ""
}

// Extractors that open the machine's own files are refused.
func ExampleNew_unfit() {
	ex, err := gitrepo.New(&cpb.PluginConfig{})
	if err != nil {
		panic(err)
	}
	_, err = scalibr.New(ex)
	fmt.Println(errors.Is(err, scalibr.ErrUnfit))
	fmt.Println(err)
	// Output:
	// true
	// scalibr: misc/gitrepo: extractor cannot be a detector: it opens files of the machine's own file system
}

func ExampleMeaningOf() {
	for _, name := range []string{"os/flatpak", "cpp/conanlock", "someone/elses"} {
		m, known := scalibr.MeaningOf(name)
		fmt.Printf("%s: %s, scope %q, %s, %.1f, known %v\n", name, m.Type, m.Scope, m.Technique, m.Confidence, known)
	}
	// Output:
	// os/flatpak: application, scope "", manifest-analysis, 0.9, known true
	// cpp/conanlock: library, scope "declared", manifest-analysis, 0.7, known true
	// someone/elses: library, scope "declared", other, 0.5, known false
}
