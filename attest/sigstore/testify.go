package sigstore

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/imagetrust/imagetrust/attest/internal/witness"
)

// instance is a Sigstore instance, as its trusted root describes it.
type instance struct{ root root.TrustedMaterial }

// Testify implements witness.Witness. Times come from logs and timestamp authorities
// first, because it is at these that the certificate must have been valid.
func (in *instance) Testify(q *witness.Question) (witness.Proof, error) {
	e, err := newEntity(q)
	if err != nil {
		return witness.Proof{}, err
	}
	material := in.root
	if q.Key != nil {
		if material, err = withKey(in.root, q.Key); err != nil {
			return witness.Proof{}, err
		}
	}
	t := &witness.Testimony{}
	if err := checkLog(e, material, t); err != nil {
		return witness.Proof{}, fmt.Errorf("transparency log: %w", err)
	}
	if err := checkIntoto001(e, material, t); err != nil {
		return witness.Proof{}, fmt.Errorf("transparency log: %w", err)
	}
	if err := checkTimestamps(e, material, t); err != nil {
		return witness.Proof{}, fmt.Errorf("timestamp: %w", err)
	}
	if q.Certificate != nil {
		if err := checkCertificate(q.Certificate, material, t); err != nil {
			return witness.Proof{}, fmt.Errorf("certificate: %w", err)
		}
	}
	return witness.New(*t), nil
}

// checkLog checks each log entry for itself, so that no good one hides a bad one.
func checkLog(e *entity, material root.TrustedMaterial, t *witness.Testimony) error {
	seen := map[string]bool{}
	for i, entry := range e.entries {
		id := entry.LogKeyID()
		log, known := material.RekorLogs()[hex.EncodeToString([]byte(id))]
		if !known {
			t.Unchecked = append(t.Unchecked, fmt.Sprintf("tlogEntries[%d]", i))
			continue
		}
		if key := fmt.Sprint(id, entry.LogIndex()); seen[key] {
			return fmt.Errorf("entry %d of the log twice", entry.LogIndex())
		} else {
			seen[key] = true
		}
		times, err := verify.VerifyTlogEntry(e.withEntry(entry), material, 1, true)
		if err != nil {
			return err
		}
		t.Log = append(t.Log, logEntry(entry, log, times))
		for _, o := range times {
			t.Times = append(t.Times, witness.Time{Time: o.Time.UTC(), Source: witness.SourceLog, URI: o.URI})
		}
	}
	return nil
}

func logEntry(entry *tlog.Entry, log *root.TransparencyLog, times []root.Timestamp) witness.LogEntry {
	kind := entry.TransparencyLogEntry().GetKindVersion()
	e := witness.LogEntry{
		LogID: base64.StdEncoding.EncodeToString([]byte(entry.LogKeyID())),
		URL:   log.BaseURL,
		Index: entry.LogIndex(),
		Kind:  kind.GetKind() + " " + kind.GetVersion(),
	}
	if !entry.IsRekorV2() && !entry.HasInclusionPromise() { // nobody signed the other number
		e.Index = entry.TransparencyLogEntry().GetInclusionProof().GetLogIndex()
	}
	if len(times) > 0 {
		e.Time = times[0].Time.UTC()
	}
	return e
}

// maxTimestamps is sigstore-go's own limit, which it cannot apply to one at a time.
const maxTimestamps = 32

// checkTimestamps wants one good timestamp if there are any and the root has an
// authority: which authority a bad one is of cannot be told.
func checkTimestamps(e *entity, material root.TrustedMaterial, t *witness.Testimony) error {
	switch n := len(e.timestamps); {
	case n == 0:
		return nil
	case n > maxTimestamps:
		return fmt.Errorf("%d timestamps, at most %d", n, maxTimestamps)
	}
	if len(material.TimestampingAuthorities()) == 0 {
		t.Unchecked = append(t.Unchecked, "timestampVerificationData")
		return nil
	}
	var reasons []error
	good := 0
	for i, ts := range e.timestamps {
		times, errs, err := verify.VerifySignedTimestamp(e.withTimestamp(ts), material)
		if err != nil || len(times) == 0 {
			reasons = append(append(reasons, err), errs...)
			t.Unchecked = append(t.Unchecked, fmt.Sprintf("rfc3161Timestamps[%d]", i))
			continue
		}
		good++
		t.Times = append(t.Times, witness.Time{Time: times[0].Time.UTC(), Source: witness.SourceTimestamp, URI: times[0].URI})
	}
	if good == 0 {
		return errors.Join(reasons...)
	}
	return nil
}

var oidSAN = asn1.ObjectIdentifier{2, 5, 29, 17}

// checkCertificate checks the certificate at every trusted time, and then whether a
// certificate transparency log has it.
func checkCertificate(cert *x509.Certificate, material root.TrustedMaterial, t *witness.Testimony) error {
	leaf, err := x509.ParseCertificate(cert.Raw) // a copy
	if err != nil {
		return err
	}
	// Fulcio's user names are an OtherName, for which crypto/x509 declares the whole
	// extension unknown. Package attest reads it.
	leaf.UnhandledCriticalExtensions = slices.DeleteFunc(leaf.UnhandledCriticalExtensions, oidSAN.Equal)
	var chains [][]*x509.Certificate
	for _, o := range t.Times {
		if chains, err = verify.VerifyLeafCertificate(o.Time, leaf, material); err != nil {
			return fmt.Errorf("at %s by a %s: %w", o.Time.Format(time.RFC3339), o.Source, err)
		}
	}
	if len(chains) > 0 {
		t.NoSCT = verify.VerifySignedCertificateTimestamp(chains, 1, material)
		t.SCT = t.NoSCT == nil
	}
	return nil
}

// keyed is a trusted root and one key, whatever the key is called.
type keyed struct {
	root.TrustedMaterial
	key root.TimeConstrainedVerifier
}

func (k *keyed) PublicKeyVerifier(string) (root.TimeConstrainedVerifier, error) { return k.key, nil }

// withKey has no bounds for the time of the key: package attest judges that.
func withKey(material root.TrustedMaterial, key crypto.PublicKey) (root.TrustedMaterial, error) {
	v, err := signature.LoadDefaultVerifier(key)
	if err != nil {
		return nil, err
	}
	return &keyed{material, root.NewExpiringKey(v, time.Time{}, time.Time{})}, nil
}
