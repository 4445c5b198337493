package attest_test

import (
	"crypto/elliptic"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
)

// TestStrangersMaterialCostsLittle: anybody may put a good envelope of somebody else
// into a bundle with verification material of his own. What nobody looks at is not
// decoded.
func TestStrangersMaterialCostsLittle(t *testing.T) {
	key := mustECDSA(t, elliptic.P256())
	good := mustSign(t, key, imageDigest)
	var members struct {
		Envelope json.RawMessage `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(good.Bytes(), &members); err != nil {
		t.Fatal(err)
	}
	const size = 4 << 20
	material := `{"publicKey":{},"tlogEntries":[[` + strings.Repeat("{},", size/3) + `{}]]}`
	raw := fmt.Appendf(nil, `{"mediaType":%q,"verificationMaterial":%s,"dsseEnvelope":%s}`, attest.BundleMediaType, material, members.Envelope)
	verifier := mustVerifier(t, attest.Key{Public: key.Public()})

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b, err := attest.ParseBundle(raw)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verifier.Verify(t.Context(), b, imageDigest)
	runtime.ReadMemStats(&after)
	if err != nil || len(v.Unchecked()) != 1 {
		t.Errorf("%v, %v", v.Unchecked(), err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 3*size {
		t.Errorf("%d bytes allocated for a bundle of %d", n, len(raw))
	}
}
