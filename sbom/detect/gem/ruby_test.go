package gem

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// ask has RubyGems print what it knows of each installed gem.
const ask = `
require "json"
puts JSON.generate(Gem::Specification.map { |s| {
  file: s.loaded_from, name: s.name, version: s.version.to_s, platform: s.platform.to_s, licenses: s.licenses,
  authors: s.authors.compact, summary: s.summary.to_s, dir: s.full_name, needs: s.runtime_dependencies.map(&:name) } })`

// TestAgainstRuby compares every gem of this machine with what its Ruby says.
func TestAgainstRuby(t *testing.T) {
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skip("no Ruby on this machine")
	}
	out, err := exec.Command(ruby, "-e", ask).Output()
	if err != nil {
		t.Skipf("this machine's Ruby does not answer: %v", err)
	}
	var gems []struct {
		File, Name, Version, Platform, Summary, Dir string
		Licenses, Authors, Needs                    []string
	}
	if err := json.Unmarshal(out, &gems); err != nil {
		t.Fatal(err)
	}
	for _, g := range gems {
		data, err := os.ReadFile(g.File)
		if err != nil {
			t.Fatal(err)
		}
		s := parseSpec(string(data))
		platform := s.platform
		if platform == "" {
			platform = "ruby"
		}
		if s.name != g.Name || s.version != g.Version || platform != g.Platform || s.fullName() != g.Dir {
			t.Errorf("%s: %q %q %q, Ruby says %q %q %q", g.File, s.name, s.version, platform, g.Name, g.Version, g.Platform)
		}
		if !slices.Equal(s.licenses, g.Licenses) || !slices.Equal(s.authors, g.Authors) || !slices.Equal(s.dependencies, g.Needs) {
			t.Errorf("%s: licences %q authors %q needs %q, Ruby says %q, %q, %q", g.File, s.licenses, s.authors, s.dependencies, g.Licenses, g.Authors, g.Needs)
		}
		if !strings.HasPrefix(strings.Join(strings.Fields(g.Summary), " "), strings.TrimSuffix(s.summary, "…")) || s.summary == "" {
			t.Errorf("%s: summary %q, Ruby says %q", g.File, s.summary, g.Summary)
		}
		frag := detecttest.Detect(t, New(), strings.TrimPrefix(g.File, "/"), data)
		if len(frag.Components) != 1 || frag.Components[0].Scope != sbom.ScopeInstalled || len(frag.Gaps) > 0 {
			t.Errorf("%s: %+v", g.File, frag)
		}
	}
	t.Logf("%d gems", len(gems))
}
