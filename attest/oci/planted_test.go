package oci_test

import (
	"net/http"
	"path"
	"sync"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/attest"
)

// planted are manifests and blobs that a registry serves as they are, without having
// looked at them as the test registry does.
type planted struct {
	mu    sync.Mutex
	byRef map[string]plantedContent
}

type plantedContent struct {
	mediaType string
	content   []byte
}

// put plants content under its digest, or under a tag if one is given.
func (p *planted) put(mediaType types.MediaType, content string, tag ...string) attest.Digest {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byRef == nil {
		p.byRef = map[string]plantedContent{}
	}
	d := sha256Of([]byte(content))
	for _, ref := range append(tag, string(d)) {
		p.byRef[ref] = plantedContent{string(mediaType), []byte(content)}
	}
	return d
}

func (p *planted) serve(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		c, ok := p.byRef[path.Base(r.URL.Path)]
		p.mu.Unlock()
		if !ok || r.Method != http.MethodGet {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", c.mediaType)
		w.Write(c.content)
	})
}
