package binary

import (
	"bytes"
	"context"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
)

// TestLearned says what a learned text is to files of the project, and to others.
func TestLearned(t *testing.T) {
	d, err := New(&Options{Eager: true, Table: &rules.Table{Products: []rules.Product{{
		Name: "thing", PURL: "github/some/thing", SONAMEs: []string{"libthing"},
		Learned: rules.Learned{
			Self:      []string{"thingd {v}"},
			Text:      []string{"libthing {v}"},
			Program:   rules.Anchored{Anchors: []string{"thing is what it does"}, Near: []string{"^Version {v}"}, Shape: "#.#.#"},
			FileNames: []string{"libthing"},
		},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path     string
		data     []byte
		rule     string
		relation Relation
		version  string
	}{
		{"usr/bin/renamed", dynamic(lines("thingd 4.3.2")), ruleLearnedSelf, Is, "4.3.2"},
		{"usr/lib/native.so", library("libthing.so.4", lines("libthing 4.3.2")), ruleLearned, Is, "4.3.2"},
		{"usr/bin/other", dynamic(lines("libthing 4.3.2")), ruleLearned, Contains, "4.3.2"},
		{"usr/bin/linked", dynamic(lines("libthing 4.3.2"), "libthing.so.4"), ruleLearned, BuiltAgainst, "4.3.2"},
		{"usr/bin/renamed", dynamic(lines("thing is what it does", "", "x", "4.3.2", "y")), ruleLearnedAnchor, Is, "4.3.2"},
		{"usr/bin/renamed", dynamic(lines("thing is what it does", "", "x", "4.3.2", "y", "Version 5.0")), ruleLearnedAnchor, Is, "5.0"},
		{"usr/bin/renamed", dynamic(lines("Version 5.0")), "", "", ""},
		{"usr/lib/libthing.so.4.3.2", library("libthing.so.4", lines("nothing")), ruleLearnedName, Is, "4.3.2"},
	} {
		r, err := d.Identify(context.Background(), tt.path, int64(len(tt.data)), bytes.NewReader(tt.data))
		if err != nil {
			t.Fatal(err)
		}
		if tt.rule == "" {
			if len(r.Findings) > 0 {
				t.Errorf("%s: %+v, want nothing", tt.path, r.Findings)
			}
			continue
		}
		if len(r.Findings) != 1 {
			t.Errorf("%s: %+v, want one finding by %s", tt.path, r.Findings, tt.rule)
			continue
		}
		if f := r.Findings[0]; f.Name != "thing" || f.Version != tt.version || f.Relation != tt.relation || f.Rule() != tt.rule || f.PURL != "pkg:github/some/thing@"+tt.version {
			t.Errorf("%s: %+v, want %s %s by %s", tt.path, f, tt.relation, tt.version, tt.rule)
		}
	}
}
