package attest_test

import (
	"crypto/elliptic"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
)

// npmKey is a key of npm's file.
func npmKey(raw, use, valid string) string {
	return `{"keyId":"SHA256:x","keyUsage":"` + use + `","publicKey":{"rawBytes":"` + raw + `","keyDetails":"PKIX_ECDSA_P256_SHA_256","validFor":{` + valid + `}}}`
}

func rawKey(t testing.TB) string {
	return strings.Join(strings.Split(string(pemBody(t)), "\n"), "")
}

func pemBody(t testing.TB) []byte {
	t.Helper()
	pem := string(pkix(t, mustECDSA(t, elliptic.P256()).Public()))
	body := strings.TrimSuffix(strings.TrimPrefix(pem, "-----BEGIN PUBLIC KEY-----\n"), "-----END PUBLIC KEY-----\n")
	return []byte(body)
}

func TestParseNPMKeys(t *testing.T) {
	const period = `"start":"2022-12-01T00:00:00.000Z","end":"2025-01-29T00:00:00.000Z"`
	raw := rawKey(t)
	file := `{"keys":[` + npmKey(raw, "npm:signatures", period) + `,` + npmKey(raw, "npm:attestations", period) + `]}`
	keys, err := attest.ParseNPMKeys([]byte(file), attest.NPMAttestations)
	if err != nil || len(keys) != 1 || keys[0].Name != "SHA256:x" || !keys[0].NotBefore.Equal(time.Date(2022, 12, 1, 0, 0, 0, 0, time.UTC)) || !keys[0].NotAfter.Equal(time.Date(2025, 1, 29, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("got %+v, %v", keys, err)
	}
	if _, err := attest.NewKeyVerifier(keys...); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]string{
		"no JSON":            `{`,
		"no keys":            `{"keys":[]}`,
		"keys of other uses": strings.ReplaceAll(file, "npm:attestations", "npm:other"),
		"a key that is none": strings.ReplaceAll(file, raw, "AAAA"),
		"no beginning":       strings.ReplaceAll(file, `"start":"2022-12-01T00:00:00.000Z",`, ""),
		"no time":            strings.ReplaceAll(file, "2022-12-01T00:00:00.000Z", "yesterday"),
		"two lists":          strings.Replace(file, `{"keys"`, `{"keys":[],"keys"`, 1),
		"use in two cases":   strings.ReplaceAll(file, `"keyUsage"`, `"KeyUsage":"npm:attestations","keyUsage"`),
		"too many keys":      `{"keys":[` + strings.Repeat("{},", 1<<10) + `{}]}`,
	} {
		if keys, err := attest.ParseNPMKeys([]byte(bad), attest.NPMAttestations); keys != nil || !errors.Is(err, attest.ErrRoot) {
			t.Errorf("%s: %+v, %v", name, keys, err)
		}
	}
}

// FuzzParseNPMKeys: what is accepted can be trusted as it is, each key from some time on.
func FuzzParseNPMKeys(f *testing.F) {
	f.Add([]byte(`{"keys":[` + npmKey(rawKey(f), "npm:attestations", `"start":"2022-12-01T00:00:00Z"`) + `]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := attest.ParseNPMKeys(data, attest.NPMAttestations)
		if err != nil {
			if !errors.Is(err, attest.ErrRoot) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if _, err := attest.NewKeyVerifier(keys...); err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if k.NotBefore.IsZero() {
				t.Fatal("a key without a beginning")
			}
		}
	})
}
