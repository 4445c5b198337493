package attest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"testing"
)

func TestPAE(t *testing.T) {
	tests := []struct{ payloadType, payload, want string }{
		{"http://example.com/HelloWorld", "hello world", "DSSEv1 29 http://example.com/HelloWorld 11 hello world"}, // protocol.md
		{"", "", "DSSEv1 0  0 "},
		{"é", "a b", "DSSEv1 2 é 3 a b"}, // lengths are in bytes
	}
	for _, tt := range tests {
		if got := string(PAE(tt.payloadType, []byte(tt.payload))); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// TestDSSEVector checks the vector of the DSSE specification, protocol.md. Its
// signature is raw r‖s, which is refused; as ASN.1 it must verify.
func TestDSSEVector(t *testing.T) {
	number := func(s string) *big.Int {
		n, ok := new(big.Int).SetString(s, 10)
		if !ok {
			t.Fatal(s)
		}
		return n
	}
	point := append([]byte{4}, number("46950820868899156662930047687818585632848591499744589407958293238635476079160").FillBytes(make([]byte, 32))...)
	point = append(point, number("5640078356564379163099075877009565129882514886557779369047442380624545832820").FillBytes(make([]byte, 32))...)
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	env, err := parseEnvelope([]byte(`{"payload": "aGVsbG8gd29ybGQ=",
 "payloadType": "http://example.com/HelloWorld",
 "signatures": [{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}`))
	if err != nil {
		t.Fatal(err)
	}
	raw := env.Signatures[0].Sig
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
	if err != nil {
		t.Fatal(err)
	}
	msg := newMessage(env.PayloadType, env.Payload)
	if !msg.verify(key, der) {
		t.Error("the vector's signature does not verify")
	}
	if msg.verify(key, raw) {
		t.Error("a raw r‖s signature verifies")
	}
	if newMessage(PayloadType, env.Payload).verify(key, der) {
		t.Error("it verifies with another payload type")
	}
}

func TestDecodeBase64(t *testing.T) {
	payload := "\xfb\xff\xfe>?a" // needs the 62nd and 63rd digits
	std, url := base64.StdEncoding.EncodeToString([]byte(payload)), base64.URLEncoding.EncodeToString([]byte(payload))
	if std == url {
		t.Fatal("the alphabets do not differ")
	}
	tests := []struct {
		in string
		ok bool
	}{
		{`"` + std + `"`, true},
		{`"` + url + `"`, true},
		{`"\u002b\/\/+Pj9h"`, true}, // some encoders escape the plus and the slash
		{`"-/-+Pj9h"`, false},       // mixed alphabets
		{`"+//+Pj9h\n"`, false},
		{`"+//+ Pj9h"`, false},
		{`"+//+Pj9"`, false},
		{`null`, false},
		{`5`, false},
		{`["+//+Pj9h"]`, false},
	}
	for _, tt := range tests {
		got, err := decodeBase64([]byte(tt.in))
		if (err == nil) != tt.ok || err == nil && string(got) != payload {
			t.Errorf("%s: got %q, %v", tt.in, got, err)
		}
	}
	for in, ok := range map[string]bool{`"aGk="`: true, `"aGk"`: true, `"aGl="`: false, `"aGk=="`: false, `"aGk=aGk="`: false, `""`: true} {
		if got, err := decodeBase64([]byte(in)); (err == nil) != ok {
			t.Errorf("%s: got %q, %v", in, got, err)
		}
	}
}

func TestParseEnvelope(t *testing.T) {
	tests := []struct {
		name, in string
		ok       bool
	}{
		{"good", `{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AA==","keyid":"k"}]}`, true},
		{"empty payload", `{"payload":"","payloadType":"t","signatures":[{"sig":"AA=="}]}`, true},
		{"unknown members", `{"payload":"","payloadType":"t","signatures":[{"sig":"AA==","cert":"x"}],"x":1}`, true},
		{"no payload", `{"payloadType":"t","signatures":[{"sig":"AA=="}]}`, false},
		{"null payload", `{"payload":null,"payloadType":"t","signatures":[{"sig":"AA=="}]}`, false},
		{"no type", `{"payload":"","signatures":[{"sig":"AA=="}]}`, false},
		{"no signatures", `{"payload":"","payloadType":"t","signatures":[]}`, false},
		{"null signature", `{"payload":"","payloadType":"t","signatures":[null]}`, false},
		{"empty signature", `{"payload":"","payloadType":"t","signatures":[{"sig":""}]}`, false},
		{"signature without sig", `{"payload":"","payloadType":"t","signatures":[{"keyid":"k"}]}`, false},
		{"duplicate payload", `{"payload":"","payload":"e30=","payloadType":"t","signatures":[{"sig":"AA=="}]}`, false},
		{"other case", `{"payload":"","Payload":"e30=","payloadType":"t","signatures":[{"sig":"AA=="}]}`, false},
		{"other case in a signature", `{"payload":"","payloadType":"t","signatures":[{"sig":"AA==","Sig":"AQ=="}]}`, false},
		{"trailing data", `{"payload":"","payloadType":"t","signatures":[{"sig":"AA=="}]}x`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseEnvelope([]byte(tt.in))
			if tt.ok && err != nil || !tt.ok && !errors.Is(err, ErrEnvelope) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestEnvelopeLimits(t *testing.T) {
	env := &Envelope{PayloadType: "t", Signatures: make([]Signature, maxSignatures+1)}
	for i := range env.Signatures {
		env.Signatures[i].Sig = []byte{1}
	}
	raw, err := env.encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseEnvelope(raw); !errors.Is(err, ErrLimit) {
		t.Errorf("too many signatures: %v", err)
	}
	env.Signatures = []Signature{{Sig: make([]byte, maxSignatureSize+1)}}
	if raw, err = env.encode(); err != nil {
		t.Fatal(err)
	}
	if _, err := parseEnvelope(raw); !errors.Is(err, ErrEnvelope) {
		t.Errorf("too large a signature: %v", err)
	}
}
