package attest_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"os/exec"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
)

func pemOf(t testing.TB, blockType string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der})
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return pemOf(t, "PRIVATE KEY", der, err)
}

func pkix(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	return pemOf(t, "PUBLIC KEY", der, err)
}

func TestParseKeys(t *testing.T) {
	ec, ed, r := mustECDSA(t, elliptic.P256()), mustEd25519(t), mustRSA(t, 2048)
	sec1, err := x509.MarshalECPrivateKey(ec)
	ecPEM := pemOf(t, "EC PRIVATE KEY", sec1, err)
	params := pemOf(t, "EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}, nil)
	for name, tt := range map[string]struct {
		pem  []byte
		want crypto.PublicKey
	}{
		"PKCS #8 ECDSA":         {pkcs8(t, ec), ec.Public()},
		"PKCS #8 Ed25519":       {pkcs8(t, ed), ed.Public()},
		"PKCS #8 RSA":           {pkcs8(t, r), r.Public()},
		"SEC 1":                 {ecPEM, ec.Public()},
		"SEC 1 with parameters": {append(params, ecPEM...), ec.Public()},
		"PKCS #1":               {pemOf(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r), nil), r.Public()},
		"text around":           {append([]byte("my key\n"), append(pkcs8(t, ed), "\n\n"...)...), ed.Public()},
	} {
		key, err := attest.ParsePrivateKey(tt.pem)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(tt.want) {
			t.Errorf("%s: another key", name)
		}
	}
	for name, tt := range map[string]struct {
		pem  []byte
		want crypto.PublicKey
	}{
		"ECDSA":   {pkix(t, ec.Public()), ec.Public()},
		"Ed25519": {pkix(t, ed.Public()), ed.Public()},
		"RSA":     {pkix(t, r.Public()), r.Public()},
		"PKCS #1": {pemOf(t, "RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&r.PublicKey), nil), r.Public()},
	} {
		key, err := attest.ParsePublicKey(tt.pem)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !key.(interface{ Equal(crypto.PublicKey) bool }).Equal(tt.want) {
			t.Errorf("%s: another key", name)
		}
	}
}

func TestParseKeysRefuses(t *testing.T) {
	ec, ed := mustECDSA(t, elliptic.P256()), mustEd25519(t)
	x, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	modulus := new(big.Int).Lsh(big.NewInt(1), 1023)
	small := &rsa.PublicKey{N: modulus.SetBit(modulus, 0, 1), E: 65537}
	huge := new(big.Int).Lsh(big.NewInt(1), 1<<14)
	public := map[string][]byte{
		"RSA of 1024 bits":   pkix(t, small),
		"RSA of 16384 bits":  pkix(t, &rsa.PublicKey{N: huge.SetBit(huge, 0, 1), E: 65537}),
		"P-224":              pkix(t, mustECDSA(t, elliptic.P224()).Public()),
		"X25519":             pkix(t, x.Public()),
		"private key":        pkcs8(t, ed),
		"certificate":        pemOf(t, "CERTIFICATE", []byte{1}, nil),
		"garbage":            pemOf(t, "PUBLIC KEY", []byte{1, 2, 3}, nil),
		"two keys":           append(pkix(t, ed.Public()), pkix(t, ec.Public())...),
		"no PEM":             []byte("ssh-ed25519 AAAA"),
		"empty":              nil,
		"only EC PARAMETERS": pemOf(t, "EC PARAMETERS", []byte{1}, nil),
	}
	for name, in := range public {
		if key, err := attest.ParsePublicKey(in); !errors.Is(err, attest.ErrKey) || key != nil {
			t.Errorf("public %s: %v, %v", name, key, err)
		}
	}
	private := map[string][]byte{
		"public key": pkix(t, ed.Public()),
		"X25519":     pkcs8(t, x),
		"P-224":      pkcs8(t, mustECDSA(t, elliptic.P224())),
		"two keys":   append(pkcs8(t, ed), pkcs8(t, ec)...),
		"garbage":    pemOf(t, "PRIVATE KEY", []byte{1, 2, 3}, nil),
	}
	for name, in := range private {
		if _, err := attest.ParsePrivateKey(in); !errors.Is(err, attest.ErrKey) || errors.Is(err, attest.ErrEncryptedKey) {
			t.Errorf("private %s: %v", name, err)
		}
	}
	legacy := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte{1}})
	for name, in := range map[string][]byte{
		"cosign":      pemOf(t, "ENCRYPTED SIGSTORE PRIVATE KEY", []byte("{}"), nil),
		"old cosign":  pemOf(t, "ENCRYPTED COSIGN PRIVATE KEY", []byte("{}"), nil),
		"PKCS #8":     pemOf(t, "ENCRYPTED PRIVATE KEY", []byte{1}, nil),
		"OpenSSL PEM": legacy,
	} {
		if _, err := attest.ParsePrivateKey(in); !errors.Is(err, attest.ErrEncryptedKey) || !errors.Is(err, attest.ErrKey) {
			t.Errorf("encrypted key of %s: %v", name, err)
		}
	}
}

func TestVerifierRefusesKeys(t *testing.T) {
	//lint:ignore SA1019 there is no other way to make a bad key
	offCurve := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	for name, key := range map[string]crypto.PublicKey{
		"nil": nil, "off the curve": offCurve, "no curve": &ecdsa.PublicKey{}, "no point": &ecdsa.PublicKey{Curve: elliptic.P256()}, "nil ECDSA": (*ecdsa.PublicKey)(nil), "nil RSA": (*rsa.PublicKey)(nil),
		"something else": "key", "by value": ecdsa.PublicKey{},
		"short Ed25519": ed25519.PublicKey{1}, "empty RSA": &rsa.PublicKey{}, "private key": mustEd25519(t),
	} {
		if _, err := attest.NewKeyVerifier(attest.Key{Public: key}); !errors.Is(err, attest.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := attest.NewKeyVerifier(); !errors.Is(err, attest.ErrTrust) {
		t.Errorf("no keys: %v", err)
	}
}

func TestKeyID(t *testing.T) {
	key := mustEd25519(t)
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	if got, err := attest.KeyID(key.Public()); err != nil || got != base64.StdEncoding.EncodeToString(sum[:]) {
		t.Errorf("got %s, %v", got, err)
	}
}

// TestOpenSSLKeys signs and verifies with keys that OpenSSL made.
func TestOpenSSLKeys(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not in PATH: its keys are not tested")
	}
	run := func(in []byte, args ...string) []byte {
		cmd := exec.Command(openssl, args...)
		var stdout, stderr bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &stdout, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
		}
		return stdout.Bytes()
	}
	for name, private := range map[string][]byte{
		"ecparam":           run(nil, "ecparam", "-genkey", "-name", "prime256v1"),
		"ecparam -noout":    run(nil, "ecparam", "-genkey", "-noout", "-name", "secp384r1"),
		"genpkey P-521":     run(nil, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"),
		"genpkey Ed25519":   run(nil, "genpkey", "-algorithm", "ed25519"),
		"genrsa":            run(nil, "genrsa", "2048"),
		"genrsa, PKCS #1":   run(run(nil, "genrsa", "2048"), "rsa", "-traditional"),
		"genpkey RSA, 3072": run(nil, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"),
	} {
		t.Run(name, func(t *testing.T) {
			key, err := attest.ParsePrivateKey(private)
			if err != nil {
				t.Fatal(err)
			}
			public, err := attest.ParsePublicKey(run(private, "pkey", "-pubout"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := mustVerifier(t, attest.Key{Public: public}).Verify(t.Context(), mustSign(t, key, digestA), digestA); err != nil {
				t.Error(err)
			}
		})
	}
	for name, private := range map[string][]byte{
		"PKCS #8":     run(nil, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes-256-cbc", "-pass", "pass:x"),
		"traditional": run(nil, "genrsa", "-aes256", "-passout", "pass:x", "-traditional", "2048"),
	} {
		if _, err := attest.ParsePrivateKey(private); !errors.Is(err, attest.ErrEncryptedKey) {
			t.Errorf("encrypted %s: %v", name, err)
		}
	}
}
