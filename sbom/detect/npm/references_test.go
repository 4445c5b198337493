package npm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/npm"
)

func TestReferences(t *testing.T) {
	for _, tt := range []struct {
		fields, supplier string
		want             []sbom.Reference
	}{
		{`"homepage": "https://example.com/#readme", "repository": {"type": "git", "url": "git+https://github.com/o/a.git"},
			"bugs": {"url": "https://github.com/o/a/issues", "email": "a@example.com"}, "author": "Ann <a@example.com> (https://a.example)",
			"_resolved": "https://registry.npmjs.org/a/-/a-1.tgz"`, "Ann <a@example.com>",
			[]sbom.Reference{{Type: "website", URL: "https://example.com/"}, {Type: "vcs", URL: "https://github.com/o/a.git"},
				{Type: "issue-tracker", URL: "https://github.com/o/a/issues"}, {Type: "distribution", URL: "https://registry.npmjs.org/a/-/a-1.tgz"}}},
		{`"repository": "o/a", "bugs": "https://example.com/bugs", "author": {"email": "a@example.com"}`, "a@example.com",
			[]sbom.Reference{{Type: "vcs", URL: "https://github.com/o/a"}, {Type: "issue-tracker", URL: "https://example.com/bugs"}}},
		{`"repository": "gitlab:o/a", "author": "Ann (https://a.example)", "_resolved": "git+ssh://git@github.com/o/a.git#0123"`, "Ann",
			[]sbom.Reference{{Type: "vcs", URL: "https://gitlab.com/o/a"}, {Type: "vcs", URL: "ssh://git@github.com/o/a.git"}}},
		{`"repository": {"url": 1}, "bugs": [], "homepage": {}, "author": ["x"]`, "", nil},
		{`"repository": "../a", "bugs": {"email": "a@example.com"}, "homepage": "."`, "", nil},
	} {
		frag := detecttest.Detect(t, npm.New(), "app/node_modules/a/package.json", []byte(`{"name": "a", "version": "1", `+tt.fields+`}`))
		c := frag.Components[0]
		if diff := cmp.Diff(tt.want, c.References); diff != "" || c.Supplier != tt.supplier {
			t.Errorf("%s: supplier %q, %s", tt.fields, c.Supplier, diff)
		}
	}
}
