package main

import (
	"context"
	"crypto"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/kms"
	sigstore "github.com/imagetrust/imagetrust/attest/sigstore/sign"
)

// signerFlags say who signs: a key, or the holder of an identity token.
type signerFlags struct{ key, token, config, root *string }

func addSignerFlags(flags *flag.FlagSet) *signerFlags {
	return &signerFlags{
		key:    flags.String("key", "", "private key: a PEM file, or NAME://KEY of the plugin sigstore-kms-NAME"),
		token:  flags.String("identity-token", "", "file with an OpenID Connect token, to sign as its subject"),
		config: flags.String("signing-config", "", "file with a Sigstore signing config: the services to use; needed for tokens"),
		root:   flags.String("trusted-root", "", "file with a trusted root by which to verify what the services return"),
	}
}

// signer makes a signer of the flags. With a signing config, signatures by a key
// get log entries and timestamps, too.
func (f *signerFlags) signer(ctx context.Context) (attest.Signer, error) {
	if (*f.key == "") == (*f.token == "") {
		return nil, errors.New("give either -key or -identity-token")
	}
	var options sigstore.Options
	if *f.key != "" {
		key, err := privateKey(ctx, *f.key)
		if err != nil {
			return nil, err
		}
		if *f.config == "" {
			return attest.NewKeySigner(key)
		}
		options.Key = key
	} else {
		options.Token = func(context.Context) (string, error) {
			token, err := os.ReadFile(*f.token)
			return strings.TrimSpace(string(token)), err
		}
	}
	config, err := os.ReadFile(*f.config)
	if err != nil {
		return nil, fmt.Errorf("the signing config: %w", err)
	}
	if options.Services, err = sigstore.ParseConfig(config, time.Now()); err != nil {
		return nil, fmt.Errorf("%s: %w", *f.config, err)
	}
	if *f.root != "" {
		if options.Root, err = os.ReadFile(*f.root); err != nil {
			return nil, err
		}
	}
	return sigstore.New(options)
}

// privateKey reads a key, or asks a plugin for one. Any crypto.Signer would do, such as a client
// of a key management service.
func privateKey(ctx context.Context, key string) (crypto.Signer, error) {
	if strings.Contains(key, "://") {
		return kms.Open(ctx, key, nil)
	}
	pem, err := os.ReadFile(key)
	if err != nil {
		return nil, err
	}
	private, err := attest.ParsePrivateKey(pem)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return private, nil
}
