package main

import "testing"

const document = `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[
	{"bom-ref":"a","type":"library","name":"a","version":"1","publisher":"p","hashes":[{"alg":"BLAKE3","content":"26cdc7fb3fd65fc3b621a4ef70bc7d2489d5c19e70c76cf7ec20e538df0047cf"}],
	 "licenses":[{"license":{"id":"MIT"}}],"properties":[{"name":"x","value":"y"}],"externalReferences":[{"type":"vcs","url":"https://example.org/"}]},
	{"bom-ref":"b","type":"library","name":"b","version":"2"}],
	"dependencies":[{"ref":"a","dependsOn":["b"]}]}`

func TestFacts(t *testing.T) {
	want, err := facts([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	if want.sum() != 13 || want["edge a@1 b@2"] != 1 || want["a@1 properties x=y"] != 1 {
		t.Errorf("%d facts: %v", want.sum(), want)
	}
	for _, version := range []string{"1.4", "1.7"} {
		text, err := convert([]byte(document), version)
		if err != nil {
			t.Fatal(err)
		}
		got, err := facts(text)
		if err != nil {
			t.Fatal(err)
		}
		if kept := want.kept(got); kept != want.sum() {
			t.Errorf("%s keeps %d of %d facts: %v", version, kept, want.sum(), got)
		}
	}
	delete(want, "edge a@1 b@2")
	if all, err := facts([]byte(document)); err != nil || all.kept(want) != 12 {
		t.Errorf("%d of %d facts kept, error %v", all.kept(want), all.sum(), err)
	}
}
