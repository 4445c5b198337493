package java

import (
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

func classes(names ...string) []entry {
	var out []entry
	for _, n := range names {
		out = append(out, entry{name: n + ".class", data: "\xca\xfe\xba\xbe"})
	}
	return out
}

func TestUnclaimedPackages(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		entries    []entry
		want       string
		gap        bool
	}{
		{"of one artifact", "tool-1.0.jar", append(classes("com/shop/tool/A", "com/shop/other/B"), properties("com.shop", "tool", "1.0")), "", false},
		{"no pom of what was copied", "tool-1.0.jar",
			append(classes("com/shop/tool/A", "com/beust/jcommander/JCommander", "com/beust/jcommander/converters/C"), properties("com.shop", "tool", "1.0")),
			"com.beust.jcommander", false},
		{"shaded by Maven, one without a pom", "tool-1.0.jar",
			append(classes("com/shop/tool/A", "com/google/gson/Gson", "org/apache/commons/io/IOUtils", "com/beust/jcommander/JCommander", "com/beust/jcommander/converters/C"),
				properties("com.shop", "tool", "1.0"), properties("com.google.code.gson", "gson", "2.10"), properties("commons-io", "commons-io", "2.11")),
			"com.beust.jcommander", true},
		{"shaded, no own pom", "app.jar",
			append(classes("com/google/gson/Gson", "com/beust/jcommander/JCommander"), properties("com.google.code.gson", "gson", "2.10")), "com.beust.jcommander", true},
		{"shaded by its classifier", "tool-1.0-all.jar", append(classes("com/shop/A", "okio/Okio", "okio/internal/B"), properties("com.shop", "tool", "1.0")), "okio", true},
		{"shaded, all with poms", "tool-1.0.jar",
			append(classes("com/shop/tool/A", "com/google/gson/Gson"), properties("com.shop", "tool", "1.0"), properties("com.google.code.gson", "gson", "2.10")), "", false},
		{"packages unlike the group id", "guice-servlet-4.2.jar", append(classes("javax/inject/A"), properties("com.example.di", "guice-servlet", "4.2")), "", false},
		{"group id without dots", "commons-io-2.11.jar", append(classes("org/apache/commons/io/IOUtils"), properties("commons-io", "commons-io", "2.11")), "", false},
		{"no group id at all", "jcommander-1.82.jar", classes("com/beust/jcommander/JCommander", "org/other/A"), "", false},
		{"by the main class", "app.jar", append(classes("shop/backend/Main", "shop/backend/x/B", "com/google/gson/Gson"),
			properties("com.google.code.gson", "gson", "2.10"), manifestOf("Main-Class: shop.backend.Main")), "", false},
		{"directories of applications", "shop-1.0.war", append(classes("WEB-INF/classes/com/shop/A", "META-INF/versions/9/com/shop/B", "META-INF/versions/11/org/other/C"), properties("com.shop", "shop", "1.0")),
			"org.other", false},
		{"hosts of code are no organisation", "a-1.0.jar", append(classes("com/github/ann/a/A", "com/github/bob/b/B"), properties("com.github.ann", "a", "1.0")), "com.github.bob.b", false},
		{"no packages", "a-1.0.jar", append(classes("A", "lib-1.0/x/B", "META-INF/x/C", "com//shop/D", "com/shop/E"), properties("com.shop", "a", "1.0")), "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			frag := detecttest.Detect(t, New(nil), tt.path, jar(t, tt.entries...))
			own := frag.Components[0]
			if got := own.Property("java:unclaimed-packages"); got != tt.want {
				t.Errorf("unclaimed %q, want %q", got, tt.want)
			}
			gap := false
			for _, g := range frag.Gaps {
				if strings.Contains(g.Message, "several artifacts") {
					gap = g.Kind == sbom.GapIncomplete && g.Component == own.Key && strings.HasSuffix(g.Message, tt.want)
				}
			}
			if gap != tt.gap {
				t.Errorf("gaps %v, want one of the packages: %t", frag.Gaps, tt.gap)
			}
		})
	}
}

// TestUnclaimedPackagesBounded makes more of everything than is named.
func TestUnclaimedPackagesBounded(t *testing.T) {
	entries := append(classes("com/shop/A"), properties("com.shop", "a", "1.0"))
	for i := range maxPackages + 10 {
		entries = append(entries, classes(fmt.Sprintf("x%c%c%c%c/y/A", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26, 'a'+i/17576))...)
	}
	frag := detecttest.Detect(t, New(nil), "a-1.0.jar", jar(t, entries...))
	got := frag.Components[0].Property("java:unclaimed-packages")
	if n := strings.Count(got, ","); n != maxRoots-1 || !strings.HasSuffix(got, " and others") || len(got) > maxText {
		t.Errorf("%d commas, %q", n, got)
	}
}
