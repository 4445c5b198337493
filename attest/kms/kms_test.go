package kms_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/handler"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/kms"
)

const subject = attest.Digest("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")

// TestMain is the plugin if the test program is called as one, and what answers then is
// Sigstore's own implementation of the protocol.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "sigstore-kms-") {
		if err := servePlugin(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// held is a key in a file, in the form that Sigstore's handler wants.
type held struct{ signature.SignerVerifier }

func (held) CreateKey(context.Context, string) (crypto.PublicKey, error) {
	return nil, errors.ErrUnsupported
}
func (held) CryptoSigner(context.Context, func(error)) (crypto.Signer, crypto.SignerOpts, error) {
	return nil, nil, errors.ErrUnsupported
}
func (held) SupportedAlgorithms() []string { return nil }
func (held) DefaultAlgorithm() string      { return "" }

func servePlugin() error {
	args, err := handler.GetPluginArgs(os.Args)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(args.InitOptions.KeyResourceID)
	if err != nil {
		return err
	}
	key, err := cryptoutils.UnmarshalPEMToPrivateKey(b, nil)
	if err != nil {
		return err
	}
	sv, err := signature.LoadSignerVerifier(key, args.InitOptions.HashFunc)
	if err != nil {
		return err
	}
	_, err = handler.Dispatch(os.Stdout, os.Stdin, args, held{sv})
	return err
}

// install puts this program into PATH as a plugin.
func install(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("plugins are not linked on Windows")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "sigstore-kms-test")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

// store puts a private key where the plugin finds it.
func store(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPlugin(t *testing.T) {
	install(t)
	ec := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	st, err := attest.NewStatement(attest.Custom("https://example.com/p/v1", true), attest.NewSubject("app", subject))
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"P-256": ec(elliptic.P256()), "P-384": ec(elliptic.P384()), "P-521": ec(elliptic.P521()), "RSA": r, "Ed25519": ed} {
		t.Run(name, func(t *testing.T) {
			held, err := kms.Open(t.Context(), "test://"+store(t, key), nil)
			if err != nil {
				t.Fatal(err)
			}
			signer, err := attest.NewKeySigner(held)
			if err != nil {
				t.Fatal(err)
			}
			b, err := signer.Sign(t.Context(), st)
			if err != nil {
				t.Fatal(err)
			}
			verifier, err := attest.NewKeyVerifier(attest.Key{Public: key.Public()})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verifier.Verify(t.Context(), b, subject); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	install(t)
	for reference, want := range map[string]error{
		"":                 kms.ErrReference,
		"test":             kms.ErrReference,
		"://key":           kms.ErrReference,
		"../test://key":    kms.ErrReference,
		"TEST://key":       kms.ErrReference,
		"missing://key":    kms.ErrPlugin,
		"test:///no/where": kms.ErrPlugin,
	} {
		if k, err := kms.Open(t.Context(), reference, nil); k != nil || !errors.Is(err, want) {
			t.Errorf("%q: %v", reference, err)
		}
	}
}

// script is a plugin that is a shell script.
func script(t *testing.T, body string) *kms.Options {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	file := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return &kms.Options{Program: file, Timeout: 10 * time.Second}
}

// TestBrokenPlugins: whatever a plugin does, there is an error and an end.
func TestBrokenPlugins(t *testing.T) {
	for name, body := range map[string]string{
		"says nothing":          "",
		"fails":                 "echo no credentials >&2; exit 3",
		"says no":               `echo '{"errorMessage":"no such key"}'`,
		"says something else":   `echo '{"signMessage":{"signature":"AAAA"}}'`,
		"says no JSON":          "echo hello",
		"says too much":         "head -c 2000000 /dev/zero",
		"complains a lot":       "head -c 2000000 /dev/zero >&2",
		"kills itself":          "kill -9 $$",
		"gives a key of no use": `echo '{"publicKey":{"publicKeyPEM":"aGVsbG8="}}'`,
	} {
		t.Run(name, func(t *testing.T) {
			k, err := kms.Open(t.Context(), "x://key", script(t, body))
			if k != nil || !errors.Is(err, kms.ErrPlugin) && !errors.Is(err, attest.ErrKey) {
				t.Errorf("got %v", err)
			}
			if len(fmt.Sprint(err)) > 8000 {
				t.Errorf("an error of %d bytes", len(fmt.Sprint(err)))
			}
		})
	}
	t.Run("never ends", func(t *testing.T) {
		opts := script(t, "exec sleep 1000")
		opts.Timeout = 50 * time.Millisecond
		if _, err := kms.Open(t.Context(), "x://key", opts); !errors.Is(err, kms.ErrPlugin) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("signs nothing", func(t *testing.T) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		text, err := cryptoutils.MarshalPublicKeyToPEM(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		public := strings.NewReplacer("\n", "").Replace(fmt.Sprintf(`{"publicKey":{"publicKeyPEM":"%s"}}`, base64Of(text)))
		k, err := kms.Open(t.Context(), "x://key", script(t, `case "$2" in *'"methodName":"publicKey"'*) echo '`+public+`';; *) echo '{"signMessage":{}}';; esac`))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(nil)
		if sig, err := k.Sign(rand.Reader, sum[:], crypto.SHA256); sig != nil || !errors.Is(err, kms.ErrPlugin) {
			t.Errorf("got %x, %v", sig, err)
		}
	})
}
