package kms

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/attest"
)

// ErrReference says that a reference does not name a plugin and a key.
var ErrReference = errors.New("kms: malformed key reference")

// ErrPlugin says that a plugin is not there, failed, or answered what it must not.
var ErrPlugin = errors.New("kms: plugin failed")

// Options change how a plugin is run. The zero value is the default.
type Options struct {
	// Program is the plugin's path. Empty means "sigstore-kms-NAME" in PATH, but not
	// in the current directory.
	Program string
	// Env is the plugin's environment, as in os/exec; nil means this process's, where
	// plugins usually find their credentials.
	Env []string
	// Timeout bounds each run; 0 means 30 seconds.
	Timeout time.Duration
}

// Key is a key that a plugin holds. It implements crypto.Signer, and may be used by
// several goroutines: each signature is a run of the plugin.
type Key struct {
	plugin plugin
	public crypto.PublicKey
	hash   crypto.Hash
}

// Open asks the plugin that a reference names for its public key. A reference is "NAME://KEY", where
// NAME is of lower-case letters, digits and hyphens, and KEY is the plugin's own. opts
// may be nil. The error is an ErrReference, an ErrPlugin, an attest.ErrKey for a key
// that cannot sign statements, or the context's error.
func Open(ctx context.Context, reference string, opts *Options) (*Key, error) {
	name, resource, ok := strings.Cut(reference, "://")
	if !ok || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return nil, fmt.Errorf("%w: %.100q, want NAME://KEY", ErrReference, reference)
	}
	if opts == nil {
		opts = &Options{}
	}
	k := &Key{plugin: plugin{program: opts.Program, env: opts.Env, resource: resource, timeout: opts.Timeout}}
	if k.plugin.program == "" {
		path, err := exec.LookPath("sigstore-kms-" + name)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPlugin, err)
		}
		k.plugin.program = path
	}
	if k.plugin.timeout == 0 {
		k.plugin.timeout = 30 * time.Second
	}
	answer, err := k.plugin.run(ctx, crypto.SHA256, request{Method: "publicKey", PublicKey: &publicKeyArgs{}}, nil)
	if err != nil {
		return nil, err
	}
	if answer.PublicKey == nil {
		return nil, fmt.Errorf("%w: it answers without a public key", ErrPlugin)
	}
	if k.public, err = attest.ParsePublicKey(answer.PublicKey.PEM); err != nil {
		return nil, err
	}
	k.hash = hashOf(k.public)
	return k, nil
}

// hashOf is the hash that statements are signed with, of which plugins want to know.
func hashOf(public crypto.PublicKey) crypto.Hash {
	if k, ok := public.(*ecdsa.PublicKey); ok {
		switch k.Curve {
		case elliptic.P384():
			return crypto.SHA384
		case elliptic.P521():
			return crypto.SHA512
		}
	}
	return crypto.SHA256
}

// Public implements crypto.Signer.
func (k *Key) Public() crypto.PublicKey { return k.public }

// Sign implements crypto.Signer. The plugin gets the digest, or for Ed25519 the whole
// message. It is not checked that the signature is one; attest.KeySigner does that. The
// error is an ErrPlugin.
func (k *Key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	args := &signArgs{}
	var message []byte
	hash := opts.HashFunc()
	if hash == 0 {
		message = digest
	} else {
		args.Options.Message.Digest, args.Options.Message.Hash = digest, uint(hash)
	}
	answer, err := k.plugin.run(context.Background(), k.hash, request{Method: "signMessage", Sign: args}, message)
	if err != nil {
		return nil, err
	}
	if answer.Sign == nil || len(answer.Sign.Signature) == 0 {
		return nil, fmt.Errorf("%w: it answers without a signature", ErrPlugin)
	}
	return answer.Sign.Signature, nil
}
