package sigstoretest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Object is a JSON object. Encoding one gives the canonical form (RFC 8785) of what
// is in here: names in order, nothing to escape, no fractions.
type Object = map[string]any

func (in *Instance) encode(v any) []byte {
	out, err := json.Marshal(v)
	in.must(err)
	return out
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func hashed(b []byte) Object { return Object{"algorithm": "sha256", "value": hexSum(b)} }

// DSSEBody is the body of an entry dsse 0.0.1; verifier is PEM.
func (in *Instance) DSSEBody(envelope, payload, sig, verifier []byte) []byte {
	return in.encode(Object{"apiVersion": "0.0.1", "kind": "dsse", "spec": Object{
		"envelopeHash": hashed(envelope), "payloadHash": hashed(payload),
		"signatures": []any{Object{"signature": sig2text(sig), "verifier": verifier}},
	}})
}

func sig2text(sig []byte) string { return base64.StdEncoding.EncodeToString(sig) }

// Intoto001Body is the body of an entry intoto 0.0.1.
func (in *Instance) Intoto001Body(envelope, payload, verifier []byte) []byte {
	return in.encode(Object{"apiVersion": "0.0.1", "kind": "intoto", "spec": Object{
		"content": Object{"hash": hashed(envelope), "payloadHash": hashed(payload)}, "publicKey": verifier,
	}})
}

// HashedRekordBody is the body of an entry hashedrekord 0.0.2 (Rekor v2), verifier as
// the protobuf has it.
func (in *Instance) HashedRekordBody(digest, sig []byte, verifier Object) []byte {
	return in.encode(Object{"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": Object{"hashedRekordV002": Object{
		"data": Object{"algorithm": "SHA2_256", "digest": digest}, "signature": Object{"content": sig, "verifier": verifier},
	}}})
}

// entry is what the entries of both versions have in common, proof of inclusion
// in a log of one entry included.
func (in *Instance) entry(kind, version, origin string, body []byte) Object {
	leaf := sha256.Sum256(append([]byte{0}, body...)) // RFC 6962, section 2.1
	der, id := in.spki(in.logKey)
	note := fmt.Sprintf("%s\n1\n%s\n", origin, base64.StdEncoding.EncodeToString(leaf[:]))
	keyHash := sha256.Sum256(der)
	line := append(keyHash[:4:4], in.sign(in.logKey, []byte(note))...)
	return Object{
		"logIndex": "0", "logId": Object{"keyId": id}, "kindVersion": Object{"kind": kind, "version": version}, "canonicalizedBody": body,
		"inclusionProof": Object{
			"logIndex": "0", "treeSize": "1", "rootHash": leaf[:], "hashes": []any{},
			"checkpoint": Object{"envelope": fmt.Sprintf("%s\n— %s %s\n", note, in.hostname, base64.StdEncoding.EncodeToString(line))},
		},
	}
}

// EntryV2 is an entry of Rekor v2.
func (in *Instance) EntryV2(body []byte) Object {
	return in.entry("hashedrekord", "0.0.2", in.hostname, body)
}

// EntryV1 is an entry of Rekor v1, with the log's promise, taken in at the given time.
func (in *Instance) EntryV1(kind, version string, body []byte, at time.Time) Object {
	e := in.entry(kind, version, in.hostname+" - 1", body)
	e["integratedTime"] = fmt.Sprint(at.Unix())
	e["inclusionPromise"] = Object{"signedEntryTimestamp": in.Promise(body, at)}
	return e
}

// Promise signs that the log takes an entry in, as number 0.
func (in *Instance) Promise(body []byte, at time.Time) []byte {
	_, id := in.spki(in.logKey)
	return in.sign(in.logKey, in.encode(Object{"body": body, "integratedTime": at.Unix(), "logID": hex.EncodeToString(id), "logIndex": 0}))
}
