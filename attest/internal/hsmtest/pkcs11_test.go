//go:build cgo

package hsmtest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/miekg/pkcs11"

	"github.com/imagetrust/imagetrust/attest"
)

const (
	module  = "/usr/lib/softhsm/libsofthsm2.so" // of Debian's package softhsm2
	pin     = "1234"
	subject = attest.Digest("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
)

// token is a session with a new SoftHSM token.
type token struct {
	t       *testing.T
	ctx     *pkcs11.Ctx
	session pkcs11.SessionHandle
}

func newToken(t *testing.T) *token {
	t.Helper()
	util, err := exec.LookPath("softhsm2-util")
	if _, missing := os.Stat(module); err != nil || missing != nil {
		t.Skipf("keys in hardware modules are not tested, SoftHSM is not installed: %v", errors.Join(err, missing))
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "softhsm2.conf")
	if err := os.WriteFile(config, []byte("directories.tokendir = "+dir+"\nobjectstore.backend = file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", config)
	if out, err := exec.Command(util, "--init-token", "--free", "--label", "test", "--pin", pin, "--so-pin", pin).CombinedOutput(); err != nil {
		t.Fatalf("softhsm2-util: %v: %s", err, out)
	}
	h := &token{t: t, ctx: pkcs11.New(module)}
	h.must(h.ctx.Initialize())
	t.Cleanup(func() { h.ctx.Destroy() })
	t.Cleanup(func() { _ = h.ctx.Finalize() })
	slots, err := h.ctx.GetSlotList(true)
	h.must(err)
	h.session, err = h.ctx.OpenSession(slots[0], pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	h.must(err)
	h.must(h.ctx.Login(h.session, pkcs11.CKU_USER, pin))
	return h
}

func (h *token) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// generate makes a key that cannot leave the token.
func (h *token) generate(mechanism uint, public ...*pkcs11.Attribute) (pub, priv pkcs11.ObjectHandle) {
	h.t.Helper()
	private := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_SIGN, true), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
	}
	public = append(public, pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true))
	pub, priv, err := h.ctx.GenerateKeyPair(h.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, public, private)
	h.must(err)
	return pub, priv
}

func (h *token) attribute(o pkcs11.ObjectHandle, kind uint) []byte {
	h.t.Helper()
	values, err := h.ctx.GetAttributeValue(h.session, o, []*pkcs11.Attribute{pkcs11.NewAttribute(kind, nil)})
	h.must(err)
	return values[0].Value
}

// key is a crypto.Signer on a token: this is all that a program needs.
type key struct {
	*token
	handle    pkcs11.ObjectHandle
	public    crypto.PublicKey
	mechanism uint
}

func (k *key) Public() crypto.PublicKey { return k.public }

func (k *key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if k.mechanism == pkcs11.CKM_RSA_PKCS { // which wants the digest with its algorithm (RFC 8017, section 9.2)
		if opts.HashFunc() != crypto.SHA256 {
			return nil, errors.New("only SHA-256")
		}
		digest = append([]byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}, digest...)
	}
	if err := k.ctx.SignInit(k.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(k.mechanism, nil)}, k.handle); err != nil {
		return nil, err
	}
	sig, err := k.ctx.Sign(k.session, digest)
	if err != nil || k.mechanism == pkcs11.CKM_RSA_PKCS {
		return sig, err
	}
	half := len(sig) / 2 // r‖s, where crypto.Signer means ASN.1
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:half]), new(big.Int).SetBytes(sig[half:])})
}

func (h *token) ecdsa(curve elliptic.Curve, oid asn1.ObjectIdentifier) *key {
	h.t.Helper()
	params, err := asn1.Marshal(oid)
	h.must(err)
	pub, priv := h.generate(pkcs11.CKM_EC_KEY_PAIR_GEN, pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, params))
	var point []byte
	_, err = asn1.Unmarshal(h.attribute(pub, pkcs11.CKA_EC_POINT), &point)
	h.must(err)
	public, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	h.must(err)
	return &key{h, priv, public, pkcs11.CKM_ECDSA}
}

func (h *token) rsa() *key {
	h.t.Helper()
	pub, priv := h.generate(pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, 2048), pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}))
	modulus := new(big.Int).SetBytes(h.attribute(pub, pkcs11.CKA_MODULUS))
	return &key{h, priv, &rsa.PublicKey{N: modulus, E: 65537}, pkcs11.CKM_RSA_PKCS}
}

func TestPKCS11(t *testing.T) {
	h := newToken(t)
	st, err := attest.NewStatement(attest.Custom("https://example.com/p/v1", true), attest.NewSubject("app", subject))
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]*key{
		"P-256": h.ecdsa(elliptic.P256(), asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}),
		"P-384": h.ecdsa(elliptic.P384(), asn1.ObjectIdentifier{1, 3, 132, 0, 34}),
		"RSA":   h.rsa(),
	} {
		t.Run(name, func(t *testing.T) {
			signer, err := attest.NewKeySigner(k)
			if err != nil {
				t.Fatal(err)
			}
			b, err := signer.Sign(t.Context(), st)
			if err != nil {
				t.Fatal(err)
			}
			verifier, err := attest.NewKeyVerifier(attest.Key{Public: k.public, Name: "module"})
			if err != nil {
				t.Fatal(err)
			}
			if v, err := verifier.Verify(t.Context(), b, subject); err != nil || v.Signer().Name != "module" {
				t.Errorf("got %v, %v", v.Signer(), err)
			}
		})
	}
}
