package attest

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest/internal/corpustest"
)

// corpus returns a directory of shared data or skips the test.
func corpus(t *testing.T, name string) string {
	t.Helper()
	return corpustest.Dir(t, "..", "attest/"+name)
}

func readFile(t *testing.T, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestConformanceBundles reads all bundles of the Sigstore conformance suite, and
// verifies those that are signed with a key. Statements are for package
// attest/sigstore; here the key cases are signatures of files.
func TestConformanceBundles(t *testing.T) {
	dir := corpus(t, "conformance/assets/bundle-verify")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	malformed := map[string]bool{ // by form alone; the rest fails at verification
		"bundle-malformed-json_fail": true, "bundle-unknown-version_fail": true,
	}
	read, keyed := 0, 0
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		b, err := ParseBundle(readFile(t, dir, e.Name(), "bundle.sigstore.json"))
		if malformed[e.Name()] {
			if !errors.Is(err, ErrBundle) {
				t.Errorf("%s: got %v, want ErrBundle", e.Name(), err)
			}
			continue
		}
		if err != nil {
			if !strings.HasSuffix(e.Name(), "_fail") || !errors.Is(err, ErrBundle) {
				t.Errorf("%s: %v", e.Name(), err)
			}
			continue
		}
		read++
		if checkKeyed(t, filepath.Join(dir, e.Name()), b) {
			keyed++
		}
	}
	if read < 60 || keyed < 3 {
		t.Errorf("only %d bundles read, %d with a key", read, keyed)
	}
	t.Logf("%d bundles read, %d verified with a key", read, keyed)
}

// checkKeyed verifies a bundle around the signature of a file.
func checkKeyed(t *testing.T, dir string, b *Bundle) bool {
	pem, err := os.ReadFile(filepath.Join(dir, "key.pub"))
	if err != nil {
		return false
	}
	key, err := ParsePublicKey(pem)
	if err != nil { // the suite's wrong key is no point of the curve
		if !strings.HasSuffix(dir, "_fail") || !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", dir, err)
		}
		return true
	}
	artifact, err := os.ReadFile(filepath.Join(dir, "artifact"))
	if err != nil {
		artifact = readFile(t, dir, "..", "a.txt")
	}
	var content struct {
		MessageSignature struct {
			Signature []byte `json:"signature"`
		} `json:"messageSignature"`
	}
	if err := json.Unmarshal(b.raw, &content); err != nil {
		t.Error(err)
	}
	hash := signingHash(key)
	h := hash.New()
	h.Write(artifact)
	got := digestMessage(map[crypto.Hash][]byte{hash: h.Sum(nil)}).verify(key, content.MessageSignature.Signature)
	if want := !strings.HasSuffix(dir, "_fail"); got != want {
		t.Errorf("%s: verifies: %t, want %t", dir, got, want)
	}
	return true
}

// TestRealBundles reads every JSON document of the corpus. Each is read, or
// refused with a typed error; those that are good must be read, and an unrelated
// key must verify none.
func TestRealBundles(t *testing.T) {
	dir := corpus(t, "real")
	refused := map[string]string{ // by the file's name, and why
		"dsse-2sigs.sigstore.json": "two signatures",
		"github_provenance_demo-0.0.12-py3-none-any-bundle-missing-verification-material.jsonl": "no verification material",
	}
	var read, statements, rejected int
	eachBundle(t, dir, func(file string, raw []byte) {
		b, err := ParseBundle(raw)
		if err != nil {
			if !errors.Is(err, ErrBundle) {
				t.Errorf("%s: untyped error %v", file, err)
			}
			if refused[filepath.Base(file)] == "" {
				t.Errorf("%s: %v", file, err)
			}
			rejected++
			return
		}
		if refused[filepath.Base(file)] != "" {
			t.Errorf("%s is read despite %s", file, refused[filepath.Base(file)])
		}
		read++
		if b.Envelope() == nil {
			return
		}
		if _, err := b.UnverifiedStatement(); errors.Is(err, ErrPayloadType) && strings.Contains(file, "invalid-signature") {
			return // a signed text
		} else if err != nil {
			t.Errorf("%s: statement: %v", file, err)
		}
		statements++
	})
	if read < 200 || statements < 200 || rejected != 2 {
		t.Errorf("read %d, statements %d, rejected %d", read, statements, rejected)
	}
	t.Logf("read %d bundles with %d statements, rejected %d", read, statements, rejected)
}

// eachBundle finds the bundles and envelopes in the files below dir: whole files,
// lines, and the members "bundle" and "dsse" of other documents.
func eachBundle(t *testing.T, dir string, found func(file string, raw []byte)) {
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(file, "trusted") || strings.Contains(file, "blobs") {
			return err
		}
		dec := json.NewDecoder(bytes.NewReader(readFile(t, file)))
		for {
			var raw json.RawMessage
			if dec.Decode(&raw) != nil {
				return nil // not JSON, or the end
			}
			for _, b := range bundlesIn(raw) {
				found(file, b)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func bundlesIn(raw []byte) [][]byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	if members["dsseEnvelope"] != nil || members["messageSignature"] != nil || members["payload"] != nil && members["signatures"] != nil {
		return [][]byte{raw}
	}
	var nested [][]byte
	var list []json.RawMessage
	if json.Unmarshal(members["attestations"], &list) == nil {
		for _, e := range list {
			nested = append(nested, bundlesIn(e)...)
		}
	}
	if members["bundle"] != nil {
		nested = append(nested, bundlesIn(members["bundle"])...)
	}
	return nested
}

// TestGoogleCloudBuildProvenance: these keys signed the bare payload, which is no
// DSSE signature and must not verify, except the keys named "pae".
func TestGoogleCloudBuildProvenance(t *testing.T) {
	keysDir, dir := corpus(t, "real/gcb-keys"), corpus(t, "real/slsa-verifier/gcb_container")
	var keys []Key
	files, err := filepath.Glob(filepath.Join(keysDir, "*.key"))
	if err != nil || len(files) == 0 {
		t.Fatal("no keys", err)
	}
	for _, file := range files {
		key, err := ParsePublicKey(readFile(t, file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		keys = append(keys, Key{Public: key, Name: filepath.Base(file)})
	}
	verifier, err := NewKeyVerifier(keys...)
	if err != nil {
		t.Fatal(err)
	}
	byPAE, bare, neither := 0, 0, 0
	eachEnvelope(t, dir, func(file string, env *Envelope) {
		msg := newMessage(env.PayloadType, env.Payload)
		for _, k := range verifier.judge.keys {
			if verifyAny(msg, k.Public, env.Signatures) {
				byPAE++
				if !strings.Contains(k.Name, "pae") {
					t.Errorf("%s: %s verifies by PAE", file, k.Name)
				}
				return
			}
		}
		for _, k := range verifier.judge.keys {
			if verifyAny(msg.bare, k.Public, env.Signatures) {
				bare++
				checkBareByName(t, file, env, k.Key)
				return
			}
		}
		neither++
	})
	t.Logf("%d signatures by PAE, %d over the bare payload (refused), %d by none of the keys", byPAE, bare, neither)
	if bare == 0 {
		t.Error("no bare signature found: the test does not test")
	}
}

// checkBareByName verifies an envelope with a key of which bare payloads are accepted.
func checkBareByName(t *testing.T, file string, env *Envelope, k Key) {
	raw, err := env.encode()
	if err != nil {
		t.Fatal(err)
	}
	b, err := ParseBundle(raw)
	if err != nil {
		t.Fatal(err)
	}
	st, err := b.UnverifiedStatement()
	if err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	subject := Digest("sha256:" + st.Subject[0].Digest["sha256"])
	for accept, want := range map[bool]error{true: nil, false: ErrSignature} {
		k.InsecureAcceptBarePayload = accept
		verifier, err := NewKeyVerifier(k)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := verifier.Verify(t.Context(), b, subject); !errors.Is(err, want) || v.Valid() != accept {
			t.Errorf("%s, accepted %t: %v", file, accept, err)
		}
	}
}

// eachEnvelope reads the DSSE envelopes below dir.
func eachEnvelope(t *testing.T, dir string, found func(file string, env *Envelope)) {
	t.Helper()
	corpustest.Envelopes(t, dir, func(file string, raw []byte) {
		if env, err := parseEnvelope(raw); err == nil {
			found(file, env)
		} else if !errors.Is(err, ErrEnvelope) {
			t.Errorf("%s: untyped error %v", file, err)
		}
	})
}

// TestVSAWithRawSignature: a real verification summary whose signature is raw r‖s.
func TestVSAWithRawSignature(t *testing.T) {
	dir := corpus(t, "real/slsa-verifier/vsa")
	seen, byName := 0, 0
	eachEnvelope(t, dir, func(file string, env *Envelope) {
		for _, s := range env.Signatures {
			if len(s.Sig) == 64 {
				seen++
			}
		}
	})
	pems, err := filepath.Glob(filepath.Join(dir, "*", "*", "*.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 || len(pems) == 0 {
		t.Fatalf("%d raw signatures and %d keys: the test does not test", seen, len(pems))
	}
	for _, file := range pems {
		key, err := ParsePublicKey(readFile(t, file))
		if err != nil {
			t.Fatal(err)
		}
		eachEnvelope(t, dir, func(name string, env *Envelope) {
			if verifyAny(newMessage(env.PayloadType, env.Payload), key, env.Signatures) {
				t.Errorf("%s: a raw signature verifies with %s", name, file)
			}
			if newMessage(env.PayloadType, env.Payload).verifyAs(&Key{Public: key, AcceptP1363: true}, env.Signatures[0].Sig) {
				byName++
			}
		})
	}
	if byName == 0 {
		t.Error("no raw signature verifies by name")
	}
}

func verifyAny(m *message, key crypto.PublicKey, sigs []Signature) bool {
	return slices.ContainsFunc(sigs, func(s Signature) bool { return m.verify(key, s.Sig) })
}
