package attest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
)

const (
	hexA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	hexB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

	digestA = attest.Digest("sha256:" + hexA)
	digestB = attest.Digest("sha256:" + hexB)

	customType = "https://example.com/custom/v1"
)

func TestDigestValidate(t *testing.T) {
	good := []attest.Digest{digestA, attest.Digest("sha512:" + hexA + hexB), attest.Digest("sha384:" + hexA + hexA[:32])}
	for _, d := range good {
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", d, err)
		}
	}
	if digestA.Algorithm() != "sha256" || digestA.Hex() != hexA {
		t.Errorf("split into %q and %q", digestA.Algorithm(), digestA.Hex())
	}
	bad := []string{"", "sha256", "sha256:", hexA, "sha256:" + hexA[:63], "sha256:" + hexA + "a", "sha256:" + strings.ToUpper(hexA),
		"sha1:" + hexA[:40], "md5:" + hexA[:32], "SHA256:" + hexA, "sha256:" + hexA[:63] + "/", "sha256:../" + hexA[:61]}
	for _, d := range bad {
		if err := attest.Digest(d).Validate(); !errors.Is(err, attest.ErrDigest) {
			t.Errorf("%q: %v", d, err)
		}
	}
}

func TestStatementEncoding(t *testing.T) {
	st, err := attest.NewStatement(attest.Custom(customType, json.RawMessage(`{ "html": "<a&b>", "big": 1.000000000000000000001e400, "z": 1, "a": "\u2028" }`)),
		attest.Subject{Name: "app", Digest: map[string]string{"sha256": hexA}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := st.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"` + hexA + `"}}],` +
		`"predicateType":"https://example.com/custom/v1","predicate":{"html":"<a&b>","big":1.000000000000000000001e400,"z":1,"a":"\u2028"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNewStatementRefuses(t *testing.T) {
	subject := attest.NewSubject("app", digestA)
	tests := []struct {
		name      string
		predicate attest.Predicate
		subjects  []attest.Subject
		want      error
	}{
		{"no subject", attest.Custom(customType, 1), nil, attest.ErrStatement},
		{"no type", attest.Custom("", 1), []attest.Subject{subject}, attest.ErrStatement},
		{"null predicate", attest.Custom(customType, nil), []attest.Subject{subject}, attest.ErrPredicate},
		{"spaced null", attest.Custom(customType, []byte(" null\n")), []attest.Subject{subject}, attest.ErrPredicate},
		{"zero predicate", attest.Predicate{Type: customType}, []attest.Subject{subject}, attest.ErrPredicate},
		{"broken JSON", attest.Custom(customType, []byte(`{"a":`)), []attest.Subject{subject}, attest.ErrPredicate},
		{"duplicate member", attest.Custom(customType, []byte(`{"a":1,"a":2}`)), []attest.Subject{subject}, attest.ErrPredicate},
		{"value without JSON", attest.Custom(customType, func() {}), []attest.Subject{subject}, attest.ErrPredicate},
		{"SPDX that is none", attest.SPDX([]byte(`{"bomFormat":"CycloneDX"}`)), []attest.Subject{subject}, attest.ErrPredicate},
		{"CycloneDX that is none", attest.CycloneDX([]byte(`{"spdxVersion":"SPDX-2.3"}`)), []attest.Subject{subject}, attest.ErrPredicate},
		{"SPDX tag-value", attest.SPDX([]byte("SPDXVersion: SPDX-2.3")), []attest.Subject{subject}, attest.ErrPredicate},
		{"provenance without builder", attest.Provenance(&attest.SLSAProvenance{}), []attest.Subject{subject}, attest.ErrPredicate},
		{"no provenance", attest.Provenance(nil), []attest.Subject{subject}, attest.ErrPredicate},
		{"scan without scanner", attest.VulnerabilityReport(&attest.VulnScan{}), []attest.Subject{subject}, attest.ErrPredicate},
		{"null list of vulnerabilities", attest.Vulnerabilities(&attest.Vulns{Scanner: attest.VulnsScanner{URI: "x"}}), []attest.Subject{subject}, attest.ErrPredicate},
		{"subject without digest", attest.Custom(customType, 1), []attest.Subject{{Name: "app"}}, attest.ErrDigest},
		{"weak digest only", attest.Custom(customType, 1), []attest.Subject{{Digest: map[string]string{"sha1": hexA[:40]}}}, attest.ErrDigest},
		{"upper case", attest.Custom(customType, 1), []attest.Subject{{Digest: map[string]string{"sha256": strings.ToUpper(hexA)}}}, attest.ErrDigest},
		{"digest with prefix", attest.Custom(customType, 1), []attest.Subject{{Digest: map[string]string{"sha256": string(digestA)}}}, attest.ErrDigest},
		{"second subject bad", attest.Custom(customType, 1), []attest.Subject{subject, {}}, attest.ErrDigest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if st, err := attest.NewStatement(tt.predicate, tt.subjects...); !errors.Is(err, tt.want) {
				t.Errorf("got %v, %v, want %v", st, err, tt.want)
			}
		})
	}
}

func TestParseStatement(t *testing.T) {
	const subject = `"subject":[{"digest":{"sha256":"` + hexA + `"}}]`
	tests := []struct {
		name, in string
		want     error
	}{
		{"v1", `{"_type":"https://in-toto.io/Statement/v1",` + subject + `,"predicateType":"t","predicate":{}}`, nil},
		{"v0.1, as cosign writes it", `{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"t",` + subject + `,"predicate":{}}`, nil},
		{"predicate that is a string", `{"_type":"https://in-toto.io/Statement/v1",` + subject + `,"predicateType":"t","predicate":"SPDXVersion: SPDX-2.3"}`, nil},
		{"case variants inside the predicate", `{"_type":"https://in-toto.io/Statement/v1",` + subject + `,"predicateType":"t","predicate":{"env":{"HTTP_PROXY":"","http_proxy":""}}}`, nil},
		{"other version", `{"_type":"https://in-toto.io/Statement/v2",` + subject + `,"predicateType":"t","predicate":{}}`, attest.ErrStatement},
		{"no _type", `{` + subject + `,"predicateType":"t","predicate":{}}`, attest.ErrStatement},
		{"null predicate", `{"_type":"https://in-toto.io/Statement/v1",` + subject + `,"predicateType":"t","predicate":null}`, attest.ErrPredicate},
		{"no predicate", `{"_type":"https://in-toto.io/Statement/v1",` + subject + `,"predicateType":"t"}`, attest.ErrPredicate},
		{"no predicateType", `{"_type":"https://in-toto.io/Statement/v1",` + subject + `,"predicate":{}}`, attest.ErrStatement},
		{"no subject", `{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"t","predicate":{}}`, attest.ErrStatement},
		{"null subject", `{"_type":"https://in-toto.io/Statement/v1","subject":null,"predicateType":"t","predicate":{}}`, attest.ErrStatement},
		{"subject that is null", `{"_type":"https://in-toto.io/Statement/v1","subject":[null],"predicateType":"t","predicate":{}}`, attest.ErrStatement},
		{"digest that is a list", `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":[]}],"predicateType":"t","predicate":{}}`, attest.ErrStatement},
		{"duplicate subject", `{"_type":"https://in-toto.io/Statement/v1",` + subject + `,` + subject + `,"predicateType":"t","predicate":{}}`, attest.ErrStatement},
		{"duplicate digest", `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"a","sha256":"b"}}],"predicateType":"t","predicate":{}}`, attest.ErrStatement},
		{"duplicate in the predicate", `{"_type":"https://in-toto.io/Statement/v1",` + subject + `,"predicateType":"t","predicate":{"a":1,"a":2}}`, attest.ErrStatement},
		{"Predicate beside predicate", `{"_type":"https://in-toto.io/Statement/v1",` + subject + `,"predicateType":"t","predicate":{},"Predicate":{"x":1}}`, attest.ErrStatement},
		{"PredicateType in another case", `{"_type":"https://in-toto.io/Statement/v1",` + subject + `,"PredicateType":"t","predicate":{}}`, attest.ErrStatement},
		{"Digest in another case", `{"_type":"https://in-toto.io/Statement/v1","subject":[{"Digest":{"sha256":"a"}}],"predicateType":"t","predicate":{}}`, attest.ErrStatement},
		{"trailing data", `{"_type":"https://in-toto.io/Statement/v1",` + subject + `,"predicateType":"t","predicate":{}}{}`, attest.ErrStatement},
		{"too deep", `{"_type":"https://in-toto.io/Statement/v1",` + subject + `,"predicateType":"t","predicate":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`, attest.ErrLimit},
		{"too many subjects", `{"_type":"https://in-toto.io/Statement/v1","predicateType":"t","predicate":{},"subject":[` + strings.Repeat("{},", 1<<16) + `{}]}`, attest.ErrLimit},
		{"depth bomb", `{"predicate":` + strings.Repeat(`{"a":`, 1<<20), attest.ErrLimit},
		{"array", `[]`, attest.ErrStatement},
		{"null", `null`, attest.ErrStatement},
		{"empty", ``, attest.ErrStatement},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := attest.ParseStatement([]byte(tt.in)); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestStatementKeepsUnknownMembers(t *testing.T) {
	const in = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","uri":"pkg:oci/app","digest":{"gitCommit":"c0ffee","sha256":"` + hexA + `"},` +
		`"content":"aGk=","downloadLocation":"https://example.com/","mediaType":"text/plain","annotations":{"a":[1,{"b":null}]},"zFuture":{"x":1}}],` +
		`"predicateType":"t","predicate":{"a":1},"future":[1,2]}`
	st, err := attest.ParseStatement([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	out, err := st.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if string(out) != in {
		t.Errorf("got  %s\nwant %s", out, in)
	}
	if string(st.Extra["future"]) != "[1,2]" || string(st.Subject[0].Extra["zFuture"]) != `{"x":1}` {
		t.Errorf("unknown members: %v, %v", st.Extra, st.Subject[0].Extra)
	}
	st.Extra["predicate"] = json.RawMessage("1")
	if out, err := st.MarshalJSON(); err == nil {
		t.Errorf("an unknown member named predicate gives %s", out)
	}
}

func TestAboutComparesOneAlgorithm(t *testing.T) {
	st := attest.Statement{Subject: []attest.Subject{
		{Name: hexB, Digest: map[string]string{"sha512": hexA + hexA}},
		{Name: "x", Digest: map[string]string{"sha256": hexA, "": ""}},
	}}
	for d, want := range map[attest.Digest]bool{
		digestA:                                true,
		digestB:                                false,
		attest.Digest("sha512:" + hexA + hexA): true,
		attest.Digest("sha512:" + hexA):        false,
		attest.Digest("sha384:" + hexA):        false,
	} {
		if got := st.About(d); got != want {
			t.Errorf("About(%s) = %t", d, got)
		}
	}
}

// FuzzParseStatement: a statement that is accepted survives writing and reading,
// and has what every statement must have.
func FuzzParseStatement(f *testing.F) {
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"` + hexA + `"}}],"predicateType":"t","predicate":{"a":[1,"<&>"]},"x":null}`))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"annotations":{"b":1.0},"content":"aGk=","zz":{}}],"predicateType":"t","predicate":"text"}`))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{}],"predicateType":"t","predicate":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		st, err := attest.ParseStatement(data)
		if err != nil {
			if !errors.Is(err, attest.ErrStatement) && !errors.Is(err, attest.ErrPredicate) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if len(st.Subject) == 0 || st.PredicateType == "" || len(st.Predicate) == 0 || bytes.Equal(bytes.TrimSpace(st.Predicate), []byte("null")) {
			t.Fatalf("incomplete: %+v", st)
		}
		out, err := st.MarshalJSON()
		if err != nil {
			t.Fatalf("cannot write what was read: %v", err)
		}
		again, err := attest.ParseStatement(out)
		if err != nil {
			t.Fatalf("cannot read what was written: %v\n%s", err, out)
		}
		if again.PredicateType != st.PredicateType || !reflect.DeepEqual(again.Subject, st.Subject) && !sameJSON(t, again.Subject, st.Subject) {
			t.Fatalf("changed by writing:\n%s\n%s", data, out)
		}
	})
}

func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	x, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}
