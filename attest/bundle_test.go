package attest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
)

const emptyEnvelope = `{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AA=="}]}`

func bundleText(mediaType, members string) string {
	return `{"mediaType":"` + mediaType + `",` + members + `}`
}

func TestParseBundle(t *testing.T) {
	const content = `"verificationMaterial":{"publicKey":{"hint":"h"}},"dsseEnvelope":` + emptyEnvelope
	tests := []struct {
		name, in string
		ok       bool
	}{
		{"v0.3", bundleText(attest.BundleMediaType, content), true},
		{"v0.3 with version parameter", bundleText("application/vnd.dev.sigstore.bundle+json;version=0.3", content), true},
		{"v0.2", bundleText("application/vnd.dev.sigstore.bundle+json;version=0.2", content), true},
		{"v0.1", bundleText("application/vnd.dev.sigstore.bundle+json;version=0.1", content), true},
		{"v0.4", bundleText("application/vnd.dev.sigstore.bundle.v0.4+json", content), false},
		{"no version", bundleText("application/vnd.dev.sigstore.bundle+json", content), false},
		{"bare envelope", emptyEnvelope, true},
		{"file signature", bundleText(attest.BundleMediaType, `"verificationMaterial":{},"messageSignature":{"signature":"AA=="}`), true},
		{"null counts as absent", bundleText(attest.BundleMediaType, content+`,"messageSignature":null`), true},
		{"unknown members", bundleText(attest.BundleMediaType, content+`,"future":1`), true},
		{"both contents", bundleText(attest.BundleMediaType, content+`,"messageSignature":{}`), false},
		{"no content", bundleText(attest.BundleMediaType, `"verificationMaterial":{}`), false},
		{"no material", bundleText(attest.BundleMediaType, `"dsseEnvelope":`+emptyEnvelope), false},
		{"material that is a list", bundleText(attest.BundleMediaType, `"verificationMaterial":[],"dsseEnvelope":`+emptyEnvelope), false},
		{"no media type", `{` + content + `}`, false},
		{"media type that is a number", `{"mediaType":3,` + content + `}`, false},
		{"duplicate envelope", bundleText(attest.BundleMediaType, content+`,"dsseEnvelope":`+emptyEnvelope), false},
		{"duplicate in the material", bundleText(attest.BundleMediaType, strings.Replace(content, `{"hint":"h"}`, `{"hint":"h","hint":"i"}`, 1)), false},
		{"envelope in another case", bundleText(attest.BundleMediaType, content+`,"DSSEEnvelope":{}`), false},
		{"no signature", bundleText(attest.BundleMediaType, strings.Replace(content, `{"sig":"AA=="}`, ``, 1)), false},
		{"two signatures", bundleText(attest.BundleMediaType, strings.Replace(content, `{"sig":"AA=="}`, `{"sig":"AA=="},{"sig":"AA=="}`, 1)), false},
		{"two bundles", bundleText(attest.BundleMediaType, content) + "\n" + bundleText(attest.BundleMediaType, content), false},
		{"white space around", " \n" + bundleText(attest.BundleMediaType, content) + "\n", true},
		{"statement", `{"_type":"https://in-toto.io/Statement/v1"}`, false},
		{"array", `[]`, false},
		{"empty", ``, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := attest.ParseBundle([]byte(tt.in))
			if !tt.ok {
				if !errors.Is(err, attest.ErrBundle) {
					t.Errorf("got %v, want ErrBundle", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(b.Bytes()) != tt.in {
				t.Errorf("bytes changed to %s", b.Bytes())
			}
		})
	}
	if _, err := attest.ParseBundle(make([]byte, 129<<20)); !errors.Is(err, attest.ErrLimit) || !errors.Is(err, attest.ErrBundle) {
		t.Errorf("oversized: %v", err)
	}
}

// TestSignedBundleForm pins the form of what is written, byte for byte, to what
// cosign writes.
func TestSignedBundleForm(t *testing.T) {
	key := mustEd25519(t)
	b := mustSign(t, key, digestA)
	id, err := attest.KeyID(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	env := b.Envelope()
	quote := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	want := `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":` + strings.ReplaceAll(quote(id), `\u002b`, "+") + `}},` +
		`"dsseEnvelope":{"payload":` + quote(env.Payload) + `,"payloadType":"application/vnd.in-toto+json","signatures":[{"sig":` + quote(env.Signatures[0].Sig) + `}]}}`
	if got := string(b.Bytes()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestBundleJSONRoundTrip(t *testing.T) {
	in := []byte(bundleText(attest.BundleMediaType, "\n\t"+`"verificationMaterial": {"future": "<&>"}, "dsseEnvelope": `+emptyEnvelope))
	b, err := attest.ParseBundle(in)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.MarshalJSON(); err != nil || !bytes.Equal(got, in) {
		t.Errorf("MarshalJSON gives %s, %v", got, err)
	}
	embedded, err := json.Marshal(map[string]*attest.Bundle{"b": b})
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]*attest.Bundle
	if err := json.Unmarshal(embedded, &back); err != nil || !bytes.Equal(back["b"].Envelope().Payload, b.Envelope().Payload) {
		t.Errorf("embedded: %v", err)
	}
	if string(b.VerificationMaterial()) != `{"future": "<&>"}` || b.MediaType() != attest.BundleMediaType || b.KeyHint() != "" {
		t.Errorf("material %s, type %s, hint %q", b.VerificationMaterial(), b.MediaType(), b.KeyHint())
	}
	var zero attest.Bundle
	if _, err := json.Marshal(&zero); !errors.Is(err, attest.ErrBundle) {
		t.Errorf("a zero bundle is written: %v", err)
	}
	if zero.Envelope() != nil || zero.KeyHint() != "" {
		t.Error("a zero bundle holds something")
	}
}

func TestNewBundleRefuses(t *testing.T) {
	good := &attest.Envelope{PayloadType: "t", Signatures: []attest.Signature{{Sig: []byte{1}}}}
	if _, err := attest.NewBundle(good, json.RawMessage(`{}`)); err != nil {
		t.Error(err)
	}
	for name, material := range map[string]string{"null": "null", "none": "", "list": "[]", "broken": "{", "duplicate": `{"a":1,"a":1}`} {
		if _, err := attest.NewBundle(good, json.RawMessage(material)); !errors.Is(err, attest.ErrBundle) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := attest.NewBundle(&attest.Envelope{PayloadType: "t"}, json.RawMessage(`{}`)); !errors.Is(err, attest.ErrBundle) {
		t.Errorf("no signature: %v", err)
	}
}

func TestUnverifiedStatement(t *testing.T) {
	st, err := mustSign(t, mustEd25519(t), digestA).UnverifiedStatement()
	if err != nil || !st.About(digestA) {
		t.Errorf("got %v, %v", st, err)
	}
	if _, err := mustParse(t, emptyEnvelope).UnverifiedStatement(); !errors.Is(err, attest.ErrStatement) {
		t.Errorf("empty payload: %v", err)
	}
	if _, err := mustParse(t, strings.Replace(emptyEnvelope, "in-toto", "other", 1)).UnverifiedStatement(); !errors.Is(err, attest.ErrPayloadType) {
		t.Errorf("other type: %v", err)
	}
	if _, err := (&attest.Bundle{}).UnverifiedStatement(); !errors.Is(err, attest.ErrUnsupported) {
		t.Errorf("zero bundle: %v", err)
	}
}

// FuzzParseBundle: what is accepted keeps its bytes, has an envelope that can be
// written and read again, and never verifies with a key that did not sign.
func FuzzParseBundle(f *testing.F) {
	key := mustEd25519(f)
	verifier := mustVerifier(f, attest.Key{Public: mustEd25519(f).Public()})
	f.Add(mustSign(f, key, digestA).Bytes())
	f.Add([]byte(emptyEnvelope))
	f.Add([]byte(bundleText(attest.BundleMediaType, `"verificationMaterial":{"tlogEntries":[]},"messageSignature":{}`)))
	f.Add([]byte(bundleText("application/vnd.dev.sigstore.bundle+json;version=0.1", `"verificationMaterial":{"x":null},"dsseEnvelope":`+emptyEnvelope)))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := attest.ParseBundle(data)
		if err != nil {
			if !errors.Is(err, attest.ErrBundle) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if !bytes.Equal(b.Bytes(), data) {
			t.Fatal("bytes changed")
		}
		if v, err := verifier.Verify(t.Context(), b, digestA); err == nil || v.Valid() {
			t.Fatal("verified with a key that did not sign")
		}
		env := b.Envelope()
		if env == nil || len(env.Signatures) != 1 {
			return
		}
		again, err := attest.NewBundle(env, json.RawMessage(`{}`))
		if err != nil {
			t.Fatalf("cannot write what was read: %v", err)
		}
		if got := again.Envelope(); got.PayloadType != env.PayloadType || !bytes.Equal(got.Payload, env.Payload) || !bytes.Equal(got.Signatures[0].Sig, env.Signatures[0].Sig) {
			t.Fatal("changed by writing")
		}
	})
}
