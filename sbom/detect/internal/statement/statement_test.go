package statement

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

func TestLicenses(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want sbom.License
	}{
		{"MIT", sbom.License{Expression: "MIT", Location: "a"}},
		{"Apache License 2.0", sbom.License{Expression: "Apache-2.0", Name: "Apache License 2.0", Location: "a"}},
		{"Ours\nalone", sbom.License{Name: "Ours alone", Location: "a"}},
	} {
		if got := Licenses([]string{tt.in, " "}, "a"); !slices.Equal(got, []sbom.License{tt.want}) {
			t.Errorf("Licenses(%q) = %+v", tt.in, got)
		}
	}
	if got := Licenses(slices.Repeat([]string{"x"}, 99), "a"); len(got) != MaxLicenses {
		t.Errorf("%d licences", len(got))
	}
}

func TestEvidence(t *testing.T) {
	if got := Manifest(0.5, "a", ""); len(got) != 1 || got[0].Field != "name" || got[0].Confidence != 0.5 {
		t.Errorf("without a version: %+v", got)
	}
	if got := Evidence(sbom.TechniqueBinary, 1, "a", "1"); len(got) != 2 || got[1].Value != "1" || got[1].Technique != sbom.TechniqueBinary {
		t.Errorf("with a version: %+v", got)
	}
}

func TestProperty(t *testing.T) {
	list := Property(Property(nil, "a", " \n"), "b", "1\n2"+strings.Repeat("x", MaxText))
	if len(list) != 1 || !strings.HasPrefix(list[0].Value, "1 2x") || len(list[0].Value) > MaxText {
		t.Errorf("%+v", list)
	}
}

func TestObject(t *testing.T) {
	var o Object
	if err := json.Unmarshal([]byte(`{"Name":"b","name":"a","one":"x","list":["x",1,"y",""],"n":1,"o":{"k":"v"},"os":[{"k":"v"},2,null],"t":true}`), &o); err != nil {
		t.Fatal(err)
	}
	if o.Text("name") != "a" || o.Text("n") != "" || o.Text("none") != "" {
		t.Error("Text")
	}
	if !slices.Equal(o.Texts("list"), []string{"x", "y"}) || !slices.Equal(o.Texts("one"), []string{"x"}) || o.Texts("n") != nil || o.Texts("none") != nil {
		t.Error("Texts")
	}
	if o.Object("o").Text("k") != "v" || o.Object("n") != nil || len(o.Objects("os")) != 1 || o.Objects("n") != nil {
		t.Error("Object")
	}
	if !o.True("t") || o.True("n") {
		t.Error("True")
	}
}
