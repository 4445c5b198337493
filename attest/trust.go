package attest

import (
	"fmt"
	"slices"
)

// Trust says whose signatures count, and on what conditions. It is a plain value:
// nothing is trusted that is not in it, making a verifier of it reads no file and
// asks no network, and two of them in one program do not touch.
//
// The zero value trusts nobody, and no verifier can be made of it. What a Trust
// leaves open is required; the fields that begin with Insecure, here and in [Key],
// are the only ones that loosen a requirement.
type Trust struct {
	// Keys are the public keys that may sign: any of them, each in its own time.
	Keys []Key
	// Identities are the holders of short-lived certificates that may sign. They
	// need Root.
	Identities []TrustedIdentity
	// Root is a Sigstore trusted root in JSON ("trusted_root.json"), version 0.1: the
	// certificate authorities, logs and timestamp authorities of an instance. It says
	// whose word counts for identities and times, not who may sign. Without it no log
	// entry or timestamp is looked at, and [Verified.Unchecked] says so.
	Root []byte

	// Signers is the number of distinct signers that an envelope needs; 0 means 1.
	// Keys of the same name are one signer. Sigstore bundles have one signature, so
	// for more than one signer over several bundles count with [DistinctSigners].
	Signers int
	// RequireLog wants an entry in a transparency log of Root for signatures by keys,
	// too. Signatures by certificates always need one.
	RequireLog bool
	// RequireTimestamp wants an RFC 3161 timestamp by an authority of Root for every
	// signature; the time at which a log took an entry in does not suffice then.
	RequireTimestamp bool

	// InsecureSkipLog accepts signatures by certificates that are in no transparency
	// log, so that nobody but the verifier may ever have seen them. Private instances,
	// such as GitHub's own, have no log and need this. Log entries that are there are
	// checked all the same.
	InsecureSkipLog bool
	// InsecureSkipSCT accepts certificates without proof that a certificate
	// transparency log has them. Private instances, such as GitHub's own, need this.
	InsecureSkipSCT bool
}

// judge is a Trust that was checked.
type judge struct {
	Trust
	keys       []trustedKey
	identities []identityMatcher
}

// check refuses what cannot be meant. The error is an ErrTrust or ErrKey.
func (t Trust) check() (*judge, error) {
	switch {
	case len(t.Keys) == 0 && len(t.Identities) == 0:
		return nil, fmt.Errorf("%w: neither keys nor identities", ErrTrust)
	case len(t.Identities) > 0 && len(t.Root) == 0:
		return nil, fmt.Errorf("%w: identities need a trusted root", ErrTrust)
	case (t.RequireLog || t.RequireTimestamp) && len(t.Root) == 0:
		return nil, fmt.Errorf("%w: log entries and timestamps need a trusted root", ErrTrust)
	case t.RequireLog && t.InsecureSkipLog:
		return nil, fmt.Errorf("%w: both RequireLog and InsecureSkipLog", ErrTrust)
	case t.Signers < 0:
		return nil, fmt.Errorf("%w: %d signers", ErrTrust, t.Signers)
	}
	j := &judge{Trust: t}
	if err := j.addKeys(t.Keys); err != nil {
		return nil, err
	}
	for i, id := range t.Identities {
		m, err := id.matcher()
		if err != nil {
			return nil, fmt.Errorf("%w: identity %d: %w", ErrTrust, i, err)
		}
		j.identities = append(j.identities, m)
	}
	return j, nil
}

// addKeys gives every key its id and its signer. A key that is listed twice, say
// for two periods, is one signer, and once revoked it is revoked in all of them.
func (j *judge) addKeys(keys []Key) error {
	signers := newParties()
	for _, k := range keys {
		id, err := KeyID(k.Public)
		if err != nil {
			return err
		}
		signers.join("key "+id, k.Name)
		j.keys = append(j.keys, trustedKey{Key: k, id: id})
	}
	for i := range j.keys {
		k := &j.keys[i]
		k.signer = signers.of("key " + k.id)
		for _, other := range j.keys {
			if other.id == k.id && !other.Revoked.IsZero() && (k.Revoked.IsZero() || other.Revoked.Before(k.Revoked)) {
				k.Revoked = other.Revoked
			}
		}
	}
	return nil
}

// parties groups what belongs to one signer.
type parties struct{ parent map[string]string }

func newParties() *parties { return &parties{map[string]string{}} }

// join says that the signer with the given id has the given name, if any.
func (p *parties) join(id, name string) {
	if _, known := p.parent[id]; !known {
		p.parent[id] = id
	}
	if name == "" {
		return
	}
	name = "name " + name
	if _, known := p.parent[name]; !known {
		p.parent[name] = name
	}
	p.parent[p.of(id)] = p.of(name)
}

// of returns what stands for the whole group of id.
func (p *parties) of(id string) string {
	for p.parent[id] != id {
		id = p.parent[id]
	}
	return id
}

// DistinctSigners returns how many different signers stand behind vs, whatever they
// signed: check first that the statements are about one subject and of one type. Keys
// that share a name are one signer, and so are certificates that share issuer and
// subject alternative name. Whoever holds several of these, as a repository does with its branches,
// counts several times: give such a [TrustedIdentity] a Name. What is not valid does not
// count.
func DistinctSigners(vs ...*Verified) int {
	p := newParties()
	var ids []string
	for _, v := range vs {
		for _, s := range v.Signers() {
			id := "key " + s.KeyID
			if s.KeyID == "" {
				id = "identity " + s.Issuer + "\x00" + s.SAN
			}
			p.join(id, s.Name)
			ids = append(ids, id)
		}
	}
	var distinct []string
	for _, id := range ids {
		if signer := p.of(id); !slices.Contains(distinct, signer) {
			distinct = append(distinct, signer)
		}
	}
	return len(distinct)
}
