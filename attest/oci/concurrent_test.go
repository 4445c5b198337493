package oci_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest/oci"
)

// TestConcurrentWriters: eight writers at once, each with a target of its own as
// if in a process of its own, and no entry is lost.
func TestConcurrentWriters(t *testing.T) {
	img, digest := testImage(t, "concurrent")
	key := newKeyPair(t)
	dir := writeLayout(t, img)
	withAPI, withoutAPI := testRegistry(t, true), testRegistry(t, false)
	pushImage(t, withAPI, img)
	pushImage(t, withoutAPI, img)
	for name, open := range map[string]func() oci.Target{
		"layout":               func() oci.Target { return oci.Layout(dir) },
		"registry with API":    func() oci.Target { return repository(t, withAPI) },
		"registry without API": func() oci.Target { return repository(t, withoutAPI) },
	} {
		t.Run(name, func(t *testing.T) {
			const writers = 8
			start := make(chan struct{})
			errs := make([]error, writers)
			var group sync.WaitGroup
			for i := range writers {
				target, b := open(), key.sign(t, digest, fmt.Sprint(i))
				group.Go(func() {
					<-start
					_, errs[i] = oci.Attach(t.Context(), target, digest, b, nil)
				})
			}
			close(start)
			group.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			res, err := oci.Verify(t.Context(), open(), digest, key.verifier, nil)
			if err != nil || len(res.Verified) != writers || len(res.Rejected) != 0 {
				t.Errorf("%d of %d kept, rejected %v, %v", len(res.Verified), writers, res.Rejected, err)
			}
		})
	}
}

// TestLostUpdate plays another writer who read the tag before us and writes it
// after us.
func TestLostUpdate(t *testing.T) {
	img, digest := testImage(t, "lost")
	key := newKeyPair(t)
	foreign := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:` +
		strings.Repeat("f", 64) + `","size":1}]}`
	for name, tt := range map[string]struct {
		overwrites int
		want       error
	}{"once": {1, nil}, "three times": {3, nil}, "for ever": {1 << 30, oci.ErrLostUpdate}} {
		t.Run(name, func(t *testing.T) {
			puts := 0
			store := tagStore{afterPut: func(content []byte) []byte {
				if puts++; puts <= tt.overwrites {
					return []byte(foreign)
				}
				return content
			}}
			host := testRegistry(t, false, store.serve)
			pushImage(t, host, img)
			target, err := oci.Repository(host+"/test/app", &oci.RepositoryOptions{Settle: time.Millisecond, Retries: 5})
			if err != nil {
				t.Fatal(err)
			}
			_, err = oci.Attach(t.Context(), target, digest, key.sign(t, digest, "x"), nil)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if tt.want != nil {
				return
			}
			if puts != tt.overwrites+1 {
				t.Errorf("%d writes for %d overwritten", puts, tt.overwrites)
			}
			res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil)
			if err != nil || len(res.Verified) != 1 || len(res.Rejected) != 1 {
				t.Errorf("ours or the other writer's entry is lost: %+v, %v", res, err)
			}
		})
	}
}
