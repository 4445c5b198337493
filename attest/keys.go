package attest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // hashes of P-384 and P-521 keys
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
)

const (
	minRSABits = 2048
	maxRSABits = 8192 // verification cost grows with the square
)

// ParsePrivateKey reads one private key in PEM: PKCS #8, SEC 1 or PKCS #1, ECDSA
// P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 8192 bits. The error is an
// ErrKey, for encrypted keys an ErrEncryptedKey.
func ParsePrivateKey(data []byte) (crypto.Signer, error) {
	block, err := onlyBlock(data)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(block.Type, "ENCRYPTED ") || block.Headers["DEK-Info"] != "" {
		return nil, fmt.Errorf("%w: %s", ErrEncryptedKey, block.Type)
	}
	var key any
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("%w: PEM block %.40q is not a private key", ErrKey, block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: %T cannot sign", ErrKey, key)
	}
	return signer, checkKey(signer.Public())
}

// ParsePublicKey reads one public key in PEM, PKIX or PKCS #1, of the kinds that
// ParsePrivateKey reads. The error is an ErrKey.
func ParsePublicKey(data []byte) (crypto.PublicKey, error) {
	block, err := onlyBlock(data)
	if err != nil {
		return nil, err
	}
	var key crypto.PublicKey
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		return nil, fmt.Errorf("%w: PEM block %.40q is not a public key", ErrKey, block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return key, nil
}

// onlyBlock returns the one PEM block of data. OpenSSL puts the parameters of a
// curve into a block of their own before the key; that one is skipped.
func onlyBlock(data []byte) (*pem.Block, error) {
	block, rest := pem.Decode(data)
	if block != nil && block.Type == "EC PARAMETERS" {
		block, rest = pem.Decode(rest)
	}
	if block == nil {
		return nil, fmt.Errorf("%w: no PEM block", ErrKey)
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("%w: data behind the PEM block; give one key at a time", ErrKey)
	}
	return block, nil
}

// checkKey refuses keys that are weak, malformed or of another kind.
func checkKey(key crypto.PublicKey) error {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return checkECDSA(k)
	case *rsa.PublicKey:
		if k == nil || k.N == nil || k.N.BitLen() < minRSABits || k.N.BitLen() > maxRSABits {
			return fmt.Errorf("%w: RSA modulus must have %d to %d bits", ErrKey, minRSABits, maxRSABits)
		}
		if k.E < 3 || k.E%2 == 0 {
			return fmt.Errorf("%w: RSA exponent %d", ErrKey, k.E)
		}
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return fmt.Errorf("%w: Ed25519 key of %d bytes", ErrKey, len(k))
		}
	default:
		return fmt.Errorf("%w: unsupported type %T", ErrKey, key)
	}
	return nil
}

func checkECDSA(k *ecdsa.PublicKey) error {
	//lint:ignore SA1019 a nil coordinate makes every method panic
	if k == nil || k.Curve == nil || k.X == nil || k.Y == nil {
		return fmt.Errorf("%w: incomplete ECDSA key", ErrKey)
	}
	switch k.Curve {
	case elliptic.P256(), elliptic.P384(), elliptic.P521():
	default:
		return fmt.Errorf("%w: ECDSA curve must be P-256, P-384 or P-521", ErrKey)
	}
	if _, err := k.ECDH(); err != nil { // checks that the point is on the curve
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	return nil
}

// KeyID returns the base64 SHA-256 of the key's DER SubjectPublicKeyInfo, which
// is the hint that cosign puts into bundles. The error is an ErrKey.
func KeyID(key crypto.PublicKey) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrKey, err)
	}
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// signingHash is the hash that goes with a key: that of the curve's size for
// ECDSA, SHA-256 for RSA (PKCS #1 v1.5), none for Ed25519.
func signingHash(key crypto.PublicKey) crypto.Hash {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P384():
			return crypto.SHA384
		case elliptic.P521():
			return crypto.SHA512
		}
		return crypto.SHA256
	case *rsa.PublicKey:
		return crypto.SHA256
	default:
		return 0
	}
}
