package sign_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ctx509 "github.com/google/certificate-transparency-go/x509"
)

// stack is real Fulcio, real Rekor v2 and a real timestamp authority on loopback, with
// an identity provider and a certificate log of the test's own beside them.
type stack struct {
	t                       *testing.T
	bin, dir                string
	issuer, ct              *httptest.Server
	tokenKey                *rsa.PrivateKey
	ctKey, caKey, logKey    *ecdsa.PrivateKey
	ca                      *x509.Certificate
	fulcio, rekor, stamping string
	root                    []byte
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // in tests, and there only in what cannot fail
	}
	return v
}

// newStack starts the programs that lie in bin:
//
//	go install github.com/sigstore/fulcio@v1.8.8
//	go install github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server@v2.1.2
//	go install github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix@v2.3.0   # as rekor-server-posix
func newStack(t *testing.T, bin string) *stack {
	s := &stack{t: t, bin: bin, dir: t.TempDir(), tokenKey: must(rsa.GenerateKey(rand.Reader, 2048))}
	for _, k := range []**ecdsa.PrivateKey{&s.ctKey, &s.caKey, &s.logKey} {
		*k = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	}
	s.issuer = httptest.NewServer(http.HandlerFunc(s.serveIssuer))
	s.ct = httptest.NewServer(http.HandlerFunc(s.serveCT))
	t.Cleanup(s.issuer.Close)
	t.Cleanup(s.ct.Close)
	s.startFulcio()
	s.startTimestamps()
	s.startRekor()
	s.root = s.trustedRoot()
	return s
}

func (s *stack) file(name string, content []byte) string {
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func port() string {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// start runs a program until the test ends, and waits until url answers.
func (s *stack) start(url, name string, args ...string) {
	var out bytes.Buffer
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if s.t.Failed() {
			s.t.Logf("%s: %s", name, out.Bytes())
		}
	})
	deadline := time.After(30 * time.Second)
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		if resp, err := http.Get(url); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-ended:
			ended <- err
			s.t.Fatalf("%s ends: %v: %s", name, err, out.Bytes())
		case <-deadline:
			s.t.Fatalf("%s does not answer", name)
		case <-tick.C:
		}
	}
}

func (s *stack) startFulcio() {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"test"}, CommonName: "test"}, IsCA: true, BasicConstraintsValid: true, MaxPathLen: 1,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, s.caKey.Public(), s.caKey))
	s.ca = must(x509.ParseCertificate(der))
	plain := s.file("ca.plain", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(s.caKey))}))
	key := filepath.Join(s.dir, "ca.key")
	if out, err := exec.Command("openssl", "pkcs8", "-topk8", "-in", plain, "-passout", "pass:pw", "-out", key).CombinedOutput(); err != nil {
		s.t.Fatalf("openssl: %v: %s", err, out)
	}
	config := s.file("fulcio.yaml", fmt.Appendf(nil, "oidc-issuers:\n  %[1]s:\n    issuer-url: %[1]s\n    client-id: sigstore\n    type: email\n", s.issuer.URL))
	ctKey := s.file("ct.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(s.ctKey.Public()))}))
	cert := s.file("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	p := port()
	s.fulcio = "http://127.0.0.1:" + p
	s.start(s.fulcio+"/healthz", "fulcio", "serve", "--host", "127.0.0.1", "--port", p, "--grpc-host", "127.0.0.1", "--grpc-port", port(), "--metrics-port", port(),
		"--config-path", config, "--ca", "fileca", "--fileca-cert", cert, "--fileca-key", key, "--fileca-key-passwd", "pw", "--fileca-watch=false",
		"--ct-log-url", s.ct.URL, "--ct-log-public-key-path", ctKey, "--legacy-unix-domain-socket", filepath.Join(s.dir, "fulcio.sock"))
}

func (s *stack) startTimestamps() {
	p := port()
	s.stamping = "http://127.0.0.1:" + p + "/api/v1/timestamp"
	s.start("http://127.0.0.1:"+p+"/ping", "timestamp-server", "serve", "--host", "127.0.0.1", "--port", p, "--timestamp-signer", "memory", "--disable-ntp-monitoring")
}

func (s *stack) startRekor() {
	key := s.file("log.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(s.logKey))}))
	p := port()
	s.rekor = "http://127.0.0.1:" + p
	s.start(s.rekor+"/healthz", "rekor-server-posix", "serve", "--http-port", p, "--grpc-port", port(), "--http-metrics-port", port(), "--hostname", "127.0.0.1",
		"--storage-dir", filepath.Join(s.dir, "log"), "--signer-filepath", key, "--checkpoint-interval", "1s", "--batch-max-age", "10ms")
}

// trustedRoot describes what was started.
func (s *stack) trustedRoot() []byte {
	validFor := map[string]any{"start": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)}
	log := func(key *ecdsa.PrivateKey, url string) map[string]any {
		der := must(x509.MarshalPKIXPublicKey(key.Public()))
		id := sha256.Sum256(der)
		return map[string]any{"baseUrl": url, "hashAlgorithm": "SHA2_256", "logId": map[string]any{"keyId": id[:]},
			"publicKey": map[string]any{"rawBytes": der, "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": validFor}}
	}
	chain := func(certs ...[]byte) map[string]any {
		var list []any
		for _, c := range certs {
			list = append(list, map[string]any{"rawBytes": c})
		}
		return map[string]any{"certChain": map[string]any{"certificates": list}, "validFor": validFor}
	}
	resp, err := http.Get(s.stamping + "/certchain")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var stamps [][]byte
	for rest := must(io.ReadAll(resp.Body)); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		stamps = append(stamps, block.Bytes)
	}
	return must(json.Marshal(map[string]any{
		"mediaType":              "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"certificateAuthorities": []any{chain(s.ca.Raw)}, "timestampAuthorities": []any{chain(stamps...)},
		"tlogs": []any{log(s.logKey, s.rekor)}, "ctlogs": []any{log(s.ctKey, s.ct.URL)},
	}))
}

// signingConfig is the same for those who sign.
func (s *stack) signingConfig() []byte {
	service := func(url string, version int) []any {
		return []any{map[string]any{"url": url, "majorApiVersion": version, "operator": "test", "validFor": map[string]any{"start": "2020-01-01T00:00:00Z"}}}
	}
	return must(json.Marshal(map[string]any{
		"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
		"caUrls":    service(s.fulcio, 1), "oidcUrls": service(s.issuer.URL, 1), "rekorTlogUrls": service(s.rekor, 2), "tsaUrls": service(s.stamping, 1),
		"rekorTlogConfig": map[string]any{"selector": "ANY"}, "tsaConfig": map[string]any{"selector": "ANY"},
	}))
}

// serveIssuer is an OpenID Connect identity provider, as far as Fulcio asks for one.
func (s *stack) serveIssuer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	text := base64.RawURLEncoding.EncodeToString
	switch url := s.issuer.URL; r.URL.Path {
	case "/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": url, "jwks_uri": url + "/keys", "authorization_endpoint": url + "/auth", "token_endpoint": url + "/token",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"}})
	case "/keys":
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k", "n": text(s.tokenKey.N.Bytes()), "e": text(big.NewInt(int64(s.tokenKey.E)).Bytes())}}})
	default:
		http.NotFound(w, r)
	}
}

// token is an identity token for an e-mail address.
func (s *stack) token(email string) string {
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString(must(json.Marshal(v))) }
	now := time.Now()
	text := part(map[string]any{"alg": "RS256", "kid": "k", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": s.issuer.URL, "aud": "sigstore", "sub": email, "email": email, "email_verified": true, "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix()})
	sum := sha256.Sum256([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(must(rsa.SignPKCS1v15(rand.Reader, s.tokenKey, crypto.SHA256, sum[:])))
}

// serveCT promises to take every certificate in (RFC 6962, section 4.2).
func (s *stack) serveCT(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Chain [][]byte `json:"chain"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || len(request.Chain) < 2 || !strings.HasSuffix(r.URL.Path, "/add-pre-chain") {
		http.Error(w, "bad chain", http.StatusBadRequest)
		return
	}
	pre, err := ctx509.ParseCertificate(request.Chain[0])
	if ctx509.IsFatal(err) {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	tbs := must(ctx509.BuildPrecertTBS(pre.RawTBSCertificate, nil))
	at := uint64(time.Now().UnixMilli())
	issuer := sha256.Sum256(s.ca.RawSubjectPublicKeyInfo)
	signed := binary.BigEndian.AppendUint64([]byte{0, 0}, at)
	signed = append(append(signed, 0, 1), issuer[:]...)
	signed = append(signed, byte(len(tbs)>>16), byte(len(tbs)>>8), byte(len(tbs)))
	sum := sha256.Sum256(append(append(signed, tbs...), 0, 0))
	sig := must(ecdsa.SignASN1(rand.Reader, s.ctKey, sum[:]))
	id := sha256.Sum256(must(x509.MarshalPKIXPublicKey(s.ctKey.Public())))
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"sct_version": 0, "id": id[:], "timestamp": at, "extensions": "",
		"signature": append([]byte{4, 3, byte(len(sig) >> 8), byte(len(sig))}, sig...)})
}
