package sigstoretest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/digitorus/timestamp"
)

// Serve puts the instance on loopback and returns its address, where the certificate
// authority and logs are; the timestamp authority is at "/timestamp". All happens at the
// given time. It believes every token, as long as it comes with a proof that the key is
// there. The server ends with the test.
func (in *Instance) Serve(at time.Time) string {
	mux := http.NewServeMux()
	for path, answer := range map[string]func(r *http.Request, body []byte) (any, error){
		"POST /api/v2/signingCert": func(r *http.Request, body []byte) (any, error) { return in.certify(r, body, at) },
		"POST /api/v1/log/entries": func(_ *http.Request, body []byte) (any, error) { return in.enterV1(body, at) },
		"POST /api/v2/log/entries": func(_ *http.Request, body []byte) (any, error) { return in.enterV2(body) },
		"POST /timestamp":          func(_ *http.Request, body []byte) (any, error) { return in.answerTimestamp(body, at) },
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			var out any
			if err == nil {
				out, err = answer(r, body)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			respond(w, r, out)
		})
	}
	server := httptest.NewServer(mux)
	in.tb.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	in.must(err)
	in.url, in.hostname = server.URL, u.Hostname()
	return server.URL
}

// uuid is the name of every entry in the log of version 1.
const uuid = "24296fb24b8ad77a00000000000000000000000000000000000000000000000000000000000000ff"

func respond(w http.ResponseWriter, r *http.Request, out any) {
	if raw, ok := out.([]byte); ok {
		w.Header().Set("Content-Type", "application/timestamp-reply")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(raw) // the client notices
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/log/entries") {
		w.Header().Set("ETag", uuid)
		w.WriteHeader(http.StatusCreated)
	}
	_ = json.NewEncoder(w).Encode(out)
}

// certify answers a request for a certificate (Fulcio, API v2).
func (in *Instance) certify(r *http.Request, body []byte, at time.Time) (any, error) {
	var claims struct {
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
		Email   string `json:"email"`
	}
	token := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	if len(token) != 3 {
		return nil, errors.New("no token")
	}
	raw, err := base64.RawURLEncoding.DecodeString(token[1])
	if err != nil {
		return nil, err
	}
	var request struct {
		Key struct {
			Public struct {
				Content string `json:"content"`
			} `json:"publicKey"`
			Proof []byte `json:"proofOfPossession"`
		} `json:"publicKeyRequest"`
	}
	if err := errors.Join(json.Unmarshal(raw, &claims), json.Unmarshal(body, &request)); err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(request.Key.Public.Content))
	if block == nil {
		return nil, errors.New("no public key")
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	name := claims.Email
	if name == "" {
		name = claims.Subject
	}
	if !possesses(public, name, request.Key.Proof) {
		return nil, errors.New("no proof of possession")
	}
	cert := in.Certificate(public, claims.Issuer, name, at)
	chain := []any{pemOf(cert), pemOf(in.authority), pemOf(in.root)}
	return Object{"signedCertificateEmbeddedSct": Object{"chain": Object{"certificates": chain}}}, nil
}

func possesses(public crypto.PublicKey, name string, proof []byte) bool {
	key, ok := public.(*ecdsa.PublicKey)
	sum := sha256.Sum256([]byte(name))
	return ok && ecdsa.VerifyASN1(key, sum[:], proof)
}

func pemOf(cert *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
}

// enterV1 answers a request to enter a DSSE envelope (Rekor, API v1).
func (in *Instance) enterV1(body []byte, at time.Time) (any, error) {
	var request struct {
		Spec struct {
			Content struct {
				Envelope  string   `json:"envelope"`
				Verifiers [][]byte `json:"verifiers"`
			} `json:"proposedContent"`
		} `json:"spec"`
	}
	var envelope struct {
		Payload    []byte `json:"payload"`
		Signatures []struct {
			Sig []byte `json:"sig"`
		} `json:"signatures"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(request.Spec.Content.Envelope), &envelope); err != nil {
		return nil, err
	}
	if len(envelope.Signatures) != 1 || len(request.Spec.Content.Verifiers) != 1 {
		return nil, errors.New("want one signature and one verifier")
	}
	entry := in.DSSEBody([]byte(request.Spec.Content.Envelope), envelope.Payload, envelope.Signatures[0].Sig, request.Spec.Content.Verifiers[0])
	_, id := in.spki(in.logKey)
	proof := in.EntryV1("dsse", "0.0.1", entry, at)["inclusionProof"].(Object)
	return Object{uuid: Object{
		"body": entry, "integratedTime": at.Unix(), "logID": hex.EncodeToString(id), "logIndex": 0,
		"verification": Object{"signedEntryTimestamp": in.Promise(entry, at), "inclusionProof": Object{
			"logIndex": 0, "treeSize": 1, "hashes": []any{}, "rootHash": hex.EncodeToString(proof["rootHash"].([]byte)),
			"checkpoint": proof["checkpoint"].(Object)["envelope"],
		}},
	}}, nil
}

// enterV2 answers a request to enter a digest (Rekor, API v2).
func (in *Instance) enterV2(body []byte) (any, error) {
	var request struct {
		Entry struct {
			Digest    []byte `json:"digest"`
			Signature struct {
				Content  []byte `json:"content"`
				Verifier Object `json:"verifier"`
			} `json:"signature"`
		} `json:"hashedRekordRequestV002"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	return in.EntryV2(in.HashedRekordBody(request.Entry.Digest, request.Entry.Signature.Content, request.Entry.Signature.Verifier)), nil
}

// answerTimestamp answers a timestamp query (RFC 3161).
func (in *Instance) answerTimestamp(body []byte, at time.Time) (any, error) {
	query, err := timestamp.ParseRequest(body)
	if err != nil {
		return nil, err
	}
	return in.timestamp(query.HashedMessage, at), nil
}

// Token is an identity token that nobody signed; the instance believes it.
func Token(issuer, email, subject string) string {
	claims, err := json.Marshal(map[string]any{"iss": issuer, "email": email, "email_verified": email != "", "sub": subject})
	if err != nil {
		panic(err)
	}
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none"}`)) + "." + part(claims) + "." + part([]byte("x"))
}
