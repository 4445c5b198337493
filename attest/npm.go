package attest

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// NPMAttestations is the use of the npm registry's keys that sign statements.
const NPMAttestations = "npm:attestations"

// maxKeys is far above what any file of keys holds.
const maxKeys = 1 << 10

// ParseNPMKeys reads the keys of the npm registry ("keys.json" of Sigstore's public
// instance, target "registry.npmjs.org/keys.json") that have the given use, such as
// [NPMAttestations], with the times for which they are valid. It is for files from a
// place that is trusted. The error is an ErrRoot, or an ErrLimit in it; a file without a
// key of that use is one.
func ParseNPMKeys(data []byte, use string) ([]Key, error) {
	var file struct {
		Keys []struct {
			ID     string `json:"keyId"`
			Use    string `json:"keyUsage"`
			Public struct {
				Raw     base64Bytes `json:"rawBytes"`
				Details string      `json:"keyDetails"`
				Valid   struct {
					Start time.Time `json:"start"`
					End   time.Time `json:"end"`
				} `json:"validFor"`
			} `json:"publicKey"`
		} `json:"keys"`
	}
	if err := strictjson.Decode(data, &file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRoot, err)
	}
	if len(file.Keys) > maxKeys {
		return nil, fmt.Errorf("%w: %w: %d keys", ErrRoot, ErrLimit, len(file.Keys))
	}
	var keys []Key
	for _, k := range file.Keys {
		if k.Use != use {
			continue
		}
		public, err := x509.ParsePKIXPublicKey(k.Public.Raw)
		if err == nil {
			err = checkKey(public)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: key %.100q: %w", ErrRoot, k.ID, err)
		}
		if k.Public.Valid.Start.IsZero() {
			return nil, fmt.Errorf("%w: key %.100q: no time from which it is valid", ErrRoot, k.ID)
		}
		keys = append(keys, Key{Public: public, Name: k.ID, NotBefore: k.Public.Valid.Start, NotAfter: k.Public.Valid.End})
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: no key for %.40q", ErrRoot, use)
	}
	return keys, nil
}
