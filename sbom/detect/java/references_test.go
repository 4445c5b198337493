package java

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

func TestReferences(t *testing.T) {
	manifest := manifestOf("Implementation-URL: https://example.com/manifest")
	for _, tt := range []struct {
		pom  string
		want []sbom.Reference
	}{
		{`<url>https://example.com/${project.artifactId}</url><scm><connection>scm:git:git://example.com/a.git</connection><url>https://example.com/a</url></scm>
			<issueManagement><url>https://example.com/issues</url></issueManagement><distributionManagement><downloadUrl>https://example.com/get</downloadUrl></distributionManagement>`,
			[]sbom.Reference{{Type: "website", URL: "https://example.com/a"}, {Type: "vcs", URL: "git://example.com/a.git"},
				{Type: "issue-tracker", URL: "https://example.com/issues"}, {Type: "distribution", URL: "https://example.com/get"}}},
		{`<url>https://${host}/</url><scm><connection>scm:git:${scm}</connection><url>https://example.com/a</url></scm>`,
			[]sbom.Reference{{Type: "vcs", URL: "https://example.com/a"}, {Type: "website", URL: "https://example.com/manifest"}}},
		{"", []sbom.Reference{{Type: "website", URL: "https://example.com/manifest"}}},
	} {
		x := pomXML("g", "a", "<project><artifactId>a</artifactId>"+tt.pom+"</project>")
		data := jar(t, class, properties("g", "a", "1"), x, manifest)
		c := detecttest.Detect(t, New(nil), "a-1.jar", data).Components[0]
		if diff := cmp.Diff(tt.want, c.References); diff != "" {
			t.Errorf("%s: %s", tt.pom, diff)
		}
	}
}
