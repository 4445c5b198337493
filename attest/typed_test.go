package attest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/attesttest"
)

var typedTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func described(t testing.TB, doc string) attest.ResourceDescriptor {
	t.Helper()
	d, err := attest.DescribeDocument(strings.NewReader(doc), "application/spdx+json", "https://registry.example/v2/app/blobs/sbom")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// typedPredicates has one good predicate of each type and the JSON in which it is
// written.
func typedPredicates(t testing.TB) map[string]struct {
	predicate attest.Typed
	want      string
} {
	const hi = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4" // SHA-256 of "hi"
	return map[string]struct {
		predicate attest.Typed
		want      string
	}{
		attest.TypeSVR02: {
			&attest.SVR{Verifier: attest.SVRVerifier{ID: "https://verifier.example/v1", Policies: []attest.ResourceDescriptor{}}, TimeCreated: typedTime, Properties: []string{"SLSA_BUILD_LEVEL_3"}},
			`{"verifier":{"id":"https://verifier.example/v1","policies":[]},"timeCreated":"2026-01-02T03:04:05Z","properties":["SLSA_BUILD_LEVEL_3"]}`,
		},
		attest.TypeRuntimeTrace: {
			&attest.RuntimeTrace{
				Monitor:          attest.Monitor{Type: "https://monitor.example/v1", ConfigSource: &attest.ResourceDescriptor{URI: "file:///etc/monitor"}, TracePolicy: json.RawMessage(`{"a":1}`)},
				MonitoredProcess: attest.MonitoredProcess{HostID: "https://host.example", Type: "https://ci.example/build", Event: "run-1"},
				MonitorLog:       attest.MonitorLog{Network: []json.RawMessage{}, FileAccess: []attest.ResourceDescriptor{{Name: "/bin/sh", Digest: map[string]string{"sha256": hexA}}}},
				Metadata:         &attest.TraceMetadata{BuildStartedOn: typedTime},
			},
			`{"monitor":{"type":"https://monitor.example/v1","configSource":{"uri":"file:///etc/monitor"},"tracePolicy":{"a":1}},` +
				`"monitoredProcess":{"hostID":"https://host.example","type":"https://ci.example/build","event":"run-1"},` +
				`"monitorLog":{"network":[],"fileAccess":[{"name":"/bin/sh","digest":{"sha256":"` + hexA + `"}}]},"metadata":{"buildStartedOn":"2026-01-02T03:04:05Z"}}`,
		},
		attest.TypeReference: {
			&attest.Reference{Attester: attest.Attester{ID: "https://ci.example"}, References: []attest.ResourceDescriptor{described(t, "hi")}},
			`{"attester":{"id":"https://ci.example"},"references":[{"digest":{"sha256":"` + hi + `"},"downloadLocation":"https://registry.example/v2/app/blobs/sbom","mediaType":"application/spdx+json"}]}`,
		},
		attest.TypeReconciliation: {
			&attest.Reconciliation{
				Reconciler: attest.Reconciler{URI: "https://github.com/imagetrust/imagetrust", Version: "v1"}, TimeCreated: typedTime,
				Inputs: []attest.ResourceDescriptor{{Name: "syft", Digest: map[string]string{"sha256": hexA}}}, Result: json.RawMessage(`{"differences":[]}`),
			},
			`{"reconciler":{"uri":"https://github.com/imagetrust/imagetrust","version":"v1"},"timeCreated":"2026-01-02T03:04:05Z",` +
				`"inputs":[{"name":"syft","digest":{"sha256":"` + hexA + `"}}],"result":{"differences":[]}}`,
		},
	}
}

// TestTypedForm pins what is written, byte for byte, and under which type.
func TestTypedForm(t *testing.T) {
	for predicateType, tt := range typedPredicates(t) {
		v := verified(t, attest.NewPredicate(tt.predicate))
		if v.PredicateType() != predicateType || string(v.Predicate()) != tt.want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", predicateType, v.PredicateType(), v.Predicate(), tt.want)
		}
	}
}

// decoders decode each type of predicate and say whether it is valid.
var decoders = map[string]func(*attest.Verified) (attest.Typed, error){
	attest.TypeSLSAProvenance1: decodeAs[attest.SLSAProvenance],
	attest.TypeCosignVuln:      decodeAs[attest.VulnScan],
	attest.TypeVulns01:         decodeAs[attest.Vulns],
	attest.TypeVulns02:         decodeAs[attest.Vulns],
	attest.TypeSVR01:           decodeAs[attest.SVR],
	attest.TypeSVR02:           decodeAs[attest.SVR],
	attest.TypeRuntimeTrace:    decodeAs[attest.RuntimeTrace],
	attest.TypeReference:       decodeAs[attest.Reference],
	attest.TypeReconciliation:  decodeAs[attest.Reconciliation],
}

func decodeAs[T any](v *attest.Verified) (attest.Typed, error) {
	p, err := attest.DecodePredicate[T](v)
	if err != nil {
		return nil, err
	}
	return any(p).(attest.Typed), nil
}

// sealed is a verified statement around any predicate.
func sealed(t testing.TB, predicateType, predicate string) *attest.Verified {
	t.Helper()
	payload := `{"_type":"` + attest.StatementV1 + `","subject":[{"digest":{"sha256":"` + hexA + `"}}],"predicateType":"` + predicateType + `","predicate":` + predicate + `}`
	v, err := attesttest.Verified(attest.Identity{}, payload, digestA)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestDecodeAnotherType: a statement is read only as what it says that it is.
func TestDecodeAnotherType(t *testing.T) {
	for asked, decode := range decoders {
		for _, is := range []string{attest.TypeSLSAProvenance02, attest.TypeSPDX, attest.TypeVSA, customType, asked + "/", strings.ToUpper(asked)} {
			if p, err := decode(sealed(t, is, `{}`)); !errors.Is(err, attest.ErrPredicate) {
				t.Errorf("%s read as %s: %+v, %v", is, asked, p, err)
			}
		}
		if _, err := decode(sealed(t, asked, `{"future":1}`)); err != nil {
			t.Errorf("%s: an unknown member: %v", asked, err)
		}
		for _, bad := range []string{`[]`, `"text"`, `1`} {
			if p, err := decode(sealed(t, asked, bad)); !errors.Is(err, attest.ErrPredicate) {
				t.Errorf("%s: %s gives %+v, %v", asked, bad, p, err)
			}
		}
	}
}

func TestDecodeOlderVersions(t *testing.T) {
	svr, err := attest.DecodePredicate[attest.SVR](sealed(t, attest.TypeSVR01,
		`{"verifier":{"id":"v","policy":{"uri":"p"}},"timeCreated":"2026-01-02T03:04:05Z","properties":["A"]}`))
	if err != nil || svr.Verifier.ID != "v" || !svr.TimeCreated.Equal(typedTime) || len(svr.Properties) != 1 {
		t.Errorf("got %+v, %v", svr, err)
	}
	vulns, err := attest.DecodePredicate[attest.Vulns](sealed(t, attest.TypeVulns01,
		`{"invocation":{"parameters":[],"uri":"u","event_id":"7","builder.id":"b"},"scanner":{"uri":"s","db":{"lastUpdate":"2026-01-02T03:04:05Z"},"result":[{"id":"CVE-1","severity":[{"method":"nvd","score":"low"}]}]},`+
			`"metadata":{"scanStartedOn":"2026-01-02T03:04:05Z","scanFinishedOn":"2026-01-02T03:04:05Z"}}`))
	if err != nil || vulns.Invocation.EventID != "7" || vulns.Invocation.BuilderID != "b" || vulns.Scanner.Result[0].ID != "CVE-1" || vulns.Validate() != nil {
		t.Errorf("got %+v, %v", vulns, err)
	}
}

func TestValidateNamesWhatLacks(t *testing.T) {
	svr := func(change func(*attest.SVR)) attest.Typed {
		p := *typedPredicates(t)[attest.TypeSVR02].predicate.(*attest.SVR)
		change(&p)
		return &p
	}
	trace := func(change func(*attest.RuntimeTrace)) attest.Typed {
		p := *typedPredicates(t)[attest.TypeRuntimeTrace].predicate.(*attest.RuntimeTrace)
		change(&p)
		return &p
	}
	ref := func(change func(*attest.Reference)) attest.Typed {
		p := *typedPredicates(t)[attest.TypeReference].predicate.(*attest.Reference)
		change(&p)
		return &p
	}
	rec := func(change func(*attest.Reconciliation)) attest.Typed {
		p := *typedPredicates(t)[attest.TypeReconciliation].predicate.(*attest.Reconciliation)
		change(&p)
		return &p
	}
	for want, p := range map[string]attest.Typed{
		"verifier.id":             svr(func(p *attest.SVR) { p.Verifier.ID = "" }),
		"verifier.policies":       svr(func(p *attest.SVR) { p.Verifier.Policies = nil }),
		"timeCreated":             svr(func(p *attest.SVR) { p.TimeCreated = time.Time{} }),
		"properties":              svr(func(p *attest.SVR) { p.Properties = nil }),
		"monitor.type":            trace(func(p *attest.RuntimeTrace) { p.Monitor.Type = "" }),
		"monitor.tracePolicy":     trace(func(p *attest.RuntimeTrace) { p.Monitor.TracePolicy = json.RawMessage(`[]`) }),
		"monitoredProcess.hostID": trace(func(p *attest.RuntimeTrace) { p.MonitoredProcess.HostID = "" }),
		"monitoredProcess.type":   trace(func(p *attest.RuntimeTrace) { p.MonitoredProcess.Type = "" }),
		"monitoredProcess.event":  trace(func(p *attest.RuntimeTrace) { p.MonitoredProcess.Event = "" }),
		"monitorLog":              trace(func(p *attest.RuntimeTrace) { p.MonitorLog = attest.MonitorLog{} }),
		"attester.id":             ref(func(p *attest.Reference) { p.Attester.ID = "" }),
		"references is empty":     ref(func(p *attest.Reference) { p.References = nil }),
		"without mediaType":       ref(func(p *attest.Reference) { p.References[0].MediaType = "" }),
		"without downloadLocation": ref(func(p *attest.Reference) {
			p.References[0].DownloadLocation = ""
		}),
		"references[0]: ": ref(func(p *attest.Reference) {
			p.References = []attest.ResourceDescriptor{{MediaType: "m", DownloadLocation: "d", Digest: map[string]string{"sha1": hexA[:40]}}}
		}),
		"reconciler.uri": rec(func(p *attest.Reconciliation) { p.Reconciler.URI = "" }),
		"inputs is":      rec(func(p *attest.Reconciliation) { p.Inputs = nil }),
		"inputs[0]: ":    rec(func(p *attest.Reconciliation) { p.Inputs = []attest.ResourceDescriptor{{Name: "a"}} }),
		"result":         rec(func(p *attest.Reconciliation) { p.Result = json.RawMessage(`null`) }),
	} {
		if err := p.Validate(); !errors.Is(err, attest.ErrPredicate) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if st, err := attest.NewStatement(attest.NewPredicate(p), attest.NewSubject("", digestA)); !errors.Is(err, attest.ErrPredicate) {
			t.Errorf("%s: is written as %v, %v", want, st, err)
		}
	}
	for name, p := range map[string]attest.Typed{"nil": nil, "nil pointer": (*attest.SVR)(nil)} {
		if st, err := attest.NewStatement(attest.NewPredicate(p), attest.NewSubject("", digestA)); !errors.Is(err, attest.ErrPredicate) {
			t.Errorf("%s: %v, %v", name, st, err)
		}
	}
}

func TestReferenceFind(t *testing.T) {
	long := attest.ResourceDescriptor{Name: "sha512", Digest: map[string]string{
		"sha512": "150a14ed5bea6cc731cf86c41566ac427a8db48ef1b9fd626664b3bfbb99071fa4c922f33dde38719b8c8354e2b7ab9d77e0e67fc12843920a712e73d558e197"}} // of "hi"
	sbom := described(t, "the SBOM")
	mixed := described(t, "hello")
	mixed.Digest["sha512"] = long.Digest["sha512"]
	weak := attest.ResourceDescriptor{Digest: map[string]string{"sha1": "f572d396fae9206628714fb2ce00f72e94f2258f"}} // of "hello\n"
	r := &attest.Reference{References: []attest.ResourceDescriptor{weak, mixed, sbom, long}}
	for doc, want := range map[string]string{"the SBOM": sbom.Digest["sha256"], "hi": ""} {
		d, err := r.Find(strings.NewReader(doc))
		if err != nil || d.Digest["sha256"] != want {
			t.Errorf("%s: %+v, %v", doc, d, err)
		}
	}
	for _, doc := range []string{"the SBOM ", "", "hello", "hello\n"} { // one digest of two, weak digest
		if d, err := r.Find(strings.NewReader(doc)); !errors.Is(err, attest.ErrDocument) {
			t.Errorf("%q: %+v, %v", doc, d, err)
		}
	}
	if _, err := r.Find(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the reader's error is lost: %v", err)
	}
	if _, err := attest.DescribeDocument(iotest.ErrReader(io.ErrUnexpectedEOF), "", ""); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the reader's error is lost: %v", err)
	}
}

func TestBuildMetadataKeepsUnknownMembers(t *testing.T) {
	const predicate = `{"buildDefinition":{"buildType":"t","externalParameters":{}},"runDetails":{"builder":{"id":"b"},"metadata":{"invocationId":"1","buildkit_hermetic":true}}}`
	for _, in := range []string{predicate, strings.Replace(predicate, "invocationId", "invocationID", 1)} {
		p, err := attest.DecodePredicate[attest.SLSAProvenance](sealed(t, attest.TypeSLSAProvenance1, in))
		if err != nil {
			t.Fatal(err)
		}
		if out := string(verified(t, attest.Provenance(p)).Predicate()); out != predicate {
			t.Errorf("got  %s\nwant %s", out, predicate)
		}
	}
}

// FuzzDecodePredicate: what is decoded as a predicate of this package and holds what
// its specification requires can be written, and is the same when read again.
func FuzzDecodePredicate(f *testing.F) {
	for _, tt := range typedPredicates(f) {
		f.Add([]byte(tt.want))
	}
	f.Add([]byte(`{"buildDefinition":{"buildType":"t","externalParameters":{}},"runDetails":{"builder":{"id":"b"},"metadata":{"invocationID":"1","x":[1]}}}`))
	f.Add([]byte(`{"scanner":{"uri":"s","result":{}},"metadata":{}}`))
	f.Add([]byte(`{"scanner":{"uri":"s","result":[{"id":"CVE-1"}]}}`))
	f.Fuzz(func(t *testing.T, predicate []byte) {
		for predicateType, decode := range decoders {
			payload := bytes.Join([][]byte{[]byte(`{"_type":"` + attest.StatementV1 + `","subject":[{"digest":{"sha256":"` + hexA + `"}}],"predicateType":"` + predicateType + `","predicate":`), predicate, []byte(`}`)}, nil)
			v, err := attesttest.Verified(attest.Identity{}, string(payload), digestA)
			if err != nil {
				return
			}
			p, err := decode(v)
			if err != nil {
				if !errors.Is(err, attest.ErrPredicate) {
					t.Fatalf("untyped error %v", err)
				}
				continue
			}
			st, err := attest.NewStatement(attest.NewPredicate(p), attest.NewSubject("", digestA))
			if valid := p.Validate(); valid != nil {
				if err == nil {
					t.Fatalf("written although %v", valid)
				}
				continue
			}
			if err != nil {
				t.Fatalf("cannot write what was read: %v", err)
			}
			again, err := decode(sealed(t, st.PredicateType, string(st.Predicate)))
			if err != nil || !sameJSON(t, p, again) {
				t.Fatalf("changed by writing: %s, %v", st.Predicate, err)
			}
		}
	})
}
