package oci_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// allocated returns the bytes that do allocates, in all: memory in use is less.
func allocated(do func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// TestHugeForeignReferrer: somebody attaches 200 MB and calls it a bundle. The good
// one is found in at most 64 MB, whatever the size is said to be.
func TestHugeForeignReferrer(t *testing.T) {
	const size, most = 200 << 20, 64 << 20
	img, digest := testImage(t, "huge")
	key := newKeyPair(t)
	blob := sha256Of([]byte("stands for the 200 MB"))
	for name, tt := range map[string]struct {
		said    int64
		chunked bool
	}{"honest": {size, false}, "said to be 30 MiB": {30 << 20, false}, "said to be 30 MiB, chunked": {30 << 20, true}, "said to be one byte": {1, true}} {
		var sent atomic.Int64
		host := testRegistry(t, true, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, string(blob)) {
					next.ServeHTTP(w, r)
					return
				}
				if !tt.chunked {
					w.Header().Set("Content-Length", fmt.Sprint(size))
				}
				for chunk := make([]byte, 64<<10); sent.Load() < size; sent.Add(int64(len(chunk))) {
					if _, err := w.Write(chunk); err != nil {
						return
					}
				}
			})
		})
		target := pushImage(t, host, img)
		mustAttach(t, target, digest, key.sign(t, digest, "good"))
		pushManifest(t, host, object{
			"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "config": emptyConfig(t, host), "artifactType": attest.BundleMediaType,
			"layers":  []object{{"mediaType": attest.BundleMediaType, "digest": blob, "size": tt.said}},
			"subject": object{"mediaType": types.OCIManifestSchema1, "digest": digest, "size": 1},
		})
		var res *oci.Result
		var err error
		n := allocated(func() { res, err = oci.Verify(t.Context(), target, digest, key.verifier, nil) })
		if err != nil || len(res.Verified) != 1 || len(res.Rejected) != 1 || !errors.Is(res.Rejected[0].Err, oci.ErrLimit) {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
		if n > most && !underRace {
			t.Errorf("%s: %d bytes allocated, want at most %d", name, n, most)
		}
		t.Logf("%s: %d kB allocated, %d kB sent", name, n>>10, sent.Load()>>10)
	}
}

// TestAnnotationsCostLittle: annotations, layers and entries are cheap to write by
// the million.
func TestAnnotationsCostLittle(t *testing.T) {
	img, digest := testImage(t, "annotations")
	key := newKeyPair(t)
	many := func(n int, open, entry, end string) string {
		return open + strings.TrimSuffix(strings.Repeat(entry, n), ",") + end
	}
	annotations := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"%x":""`, i)
		}
		return "{" + strings.TrimPrefix(b.String(), ",") + "}"
	}
	manifest := func(members string) string {
		return `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","subject":{"digest":"` + string(digest) + `","size":1},` + members + `}`
	}
	for name, content := range map[string]string{
		"annotations of a manifest": manifest(`"layers":[],"annotations":` + annotations(60_000)),
		"a long annotation":         manifest(`"layers":[],"annotations":{"a":"` + strings.Repeat("x", 900_000) + `"}`),
		"layers":                    manifest(many(200_000, `"layers":[`, `{},`, `]`)),
		"unsigned layers":           manifest(many(15_000, `"layers":[`, `{"mediaType":"application/vnd.in-toto+json","digest":"x"},`, `]`)),
		"bundles":                   manifest(many(6_000, `"layers":[`, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","digest":"sha256:`+strings.Repeat("0", 64)+`","size":9},`, `]`)),
		"a manifest of 3 MB":        manifest(`"layers":[],"x":"` + strings.Repeat("x", 3<<20) + `"`),
	} {
		var plant planted
		host := testRegistry(t, true, plant.serve)
		target := pushImage(t, host, img)
		good := mustAttach(t, target, digest, key.sign(t, digest, "good"))
		bad := plant.put(types.OCIManifestSchema1, content)
		list := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"digest":"%s","size":1,"annotations":%s},{"digest":"%s","size":1}]}`,
			bad, annotations(60_000), good.Digest)
		plant.put(types.OCIImageIndex, list, string(digest)) // the referrers API, whose path ends with the subject
		var res *oci.Result
		var err error
		n := allocated(func() { res, err = oci.Verify(t.Context(), target, digest, key.verifier, nil) })
		if err != nil || len(res.Verified) != 1 {
			t.Errorf("%s: the good one is lost: %v", name, err)
			continue
		}
		if kept := len(res.Rejected) + len(res.Unsigned) + len(res.Other); kept < 1 || kept > 80 {
			t.Errorf("%s: %d rejected, %d unsigned, %d other", name, len(res.Rejected), len(res.Unsigned), len(res.Other))
		}
		if n > 48<<20 && !underRace {
			t.Errorf("%s: %d kB allocated", name, n>>10)
		}
		t.Logf("%s: %d kB sent, %d kB allocated", name, (len(content)+len(list))>>10, n>>10)
	}
}

// foreignReferrers serves an image with n foreign referrers and a good one, each
// answer after a while, and counts the requests and how many there were at once.
func foreignReferrers(tb testing.TB, n int, latency time.Duration) (target *oci.RepositoryTarget, key keyPair, digest attest.Digest, requests, atOnce *atomic.Int64) {
	img, digest := testImage(tb, "foreign referrers")
	key = newKeyPair(tb)
	var delay atomic.Bool
	var now atomic.Int64
	requests, atOnce = new(atomic.Int64), new(atomic.Int64)
	host := testRegistry(tb, true, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if delay.Load() {
				requests.Add(1)
				for here := now.Add(1); ; {
					if most := atOnce.Load(); here <= most || atOnce.CompareAndSwap(most, here) {
						break
					}
				}
				time.Sleep(latency)
				defer now.Add(-1)
			}
			next.ServeHTTP(w, r)
		})
	})
	pushImage(tb, host, img)
	for i := range n {
		pushReferrer(tb, host, digest, "application/vnd.example.foreign", fmt.Append(nil, i))
	}
	mustAttach(tb, repository(tb, host), digest, key.sign(tb, digest, "good"))
	delay.Store(true)
	return repository(tb, host), key, digest, requests, atOnce
}

// TestForeignReferrersAreAskedAtOnce: 400 foreign referrers cost one request each, 16
// at a time, so that at 50 ms each they take 25 rounds, and not 400.
func TestForeignReferrersAreAskedAtOnce(t *testing.T) {
	const n = 400
	target, key, digest, requests, atOnce := foreignReferrers(t, n, 2*time.Millisecond)
	res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil)
	if err != nil || len(res.Verified) != 1 || len(res.Other) != n || len(res.Rejected) != 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	const others = 8 // greeting, three lists, the good manifest and its blob, and one to spare
	if requests.Load() > n+others || atOnce.Load() < 8 || atOnce.Load() > 16 {
		t.Errorf("%d requests, %d at once", requests.Load(), atOnce.Load())
	}
	target, key, digest, _, atOnce = foreignReferrers(t, 20, 2*time.Millisecond)
	if res, err := oci.Verify(t.Context(), target, digest, key.verifier, &oci.Options{Parallel: 3}); err != nil || len(res.Verified) != 1 || atOnce.Load() > 3 {
		t.Errorf("Parallel 3: %d at once, %v", atOnce.Load(), err)
	}
}

// BenchmarkForeignReferrers is the time for 400 foreign referrers at 50 ms each.
func BenchmarkForeignReferrers(b *testing.B) {
	target, key, digest, _, _ := foreignReferrers(b, 400, 50*time.Millisecond)
	for b.Loop() {
		if _, err := oci.Verify(b.Context(), target, digest, key.verifier, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// largeSBOM returns a CycloneDX document of about 17 MB.
func largeSBOM() []byte {
	var doc bytes.Buffer
	doc.WriteString(`{"bomFormat":"CycloneDX","components":[`)
	for i := range 170_000 {
		fmt.Fprintf(&doc, `{"type":"library","name":"component-%06d","version":"1.%d","purl":"pkg:npm/component-%06d@1"},`, i, i, i)
	}
	doc.WriteString(`{"type":"library","name":"last"}]}`)
	return doc.Bytes()
}

// largeLayout is a layout with a signed SBOM of 17 MB, and the public key beside it.
func largeLayout(tb testing.TB) (dir string, key keyPair, digest attest.Digest) {
	img, digest := testImage(tb, "large")
	key = newKeyPair(tb)
	dir = writeLayout(tb, img)
	mustAttach(tb, oci.Layout(dir), digest, key.signPredicate(tb, digest, attest.CycloneDX(largeSBOM())))
	der, err := x509.MarshalPKIXPublicKey(key.private.Public())
	if err != nil {
		tb.Fatal(err)
	}
	mustWrite(tb, dir+".pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	return dir, key, digest
}

// TestLargeSBOM verifies an SBOM of 17 MB in a process of its own, which may need 120
// MB, all in all.
func TestLargeSBOM(t *testing.T) {
	const most = 120 << 10 // kB
	if dir := os.Getenv("IMAGETRUST_TEST_LAYOUT"); dir != "" {
		verifyLarge(t, dir)
		return
	}
	if underRace || runtime.GOOS != "linux" {
		t.Skip("memory is measured on Linux and without the race detector")
	}
	dir, _, _ := largeLayout(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestLargeSBOM$", "-test.v")
	cmd.Env = append(os.Environ(), "IMAGETRUST_TEST_LAYOUT="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, said, _ := strings.Cut(string(out), "verified 1, VmHWM:")
	var used int64
	if _, err := fmt.Sscanf(said, "%d kB", &used); err != nil || used == 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%d MB, CPU %v", used>>10, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if used > most {
		t.Errorf("%d kB used, want at most %d", used, most)
	}
}

func verifyLarge(t *testing.T, dir string) {
	text, err := os.ReadFile(dir + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	public, err := attest.ParsePublicKey(text)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := attest.NewKeyVerifier(attest.Key{Public: public})
	if err != nil {
		t.Fatal(err)
	}
	res, err := oci.Verify(t.Context(), oci.Layout(filepath.Clean(dir)), "", verifier, &oci.Options{PredicateType: attest.TypeCycloneDX})
	if err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, highest, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Printf("verified %d, VmHWM:%s\n", len(res.Verified), strings.SplitN(highest, "\n", 2)[0])
}

// BenchmarkLargeSBOM verifies an SBOM of 17 MB in a layout.
func BenchmarkLargeSBOM(b *testing.B) {
	dir, key, digest := largeLayout(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := oci.Verify(b.Context(), oci.Layout(dir), digest, key.verifier, nil); err != nil {
			b.Fatal(err)
		}
	}
}
