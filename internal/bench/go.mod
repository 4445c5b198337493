module github.com/imagetrust/imagetrust/internal/bench

go 1.26.3

require (
	github.com/google/go-containerregistry v0.22.1
	github.com/imagetrust/imagetrust v0.0.0
	github.com/klauspost/compress v1.20.3
	golang.org/x/sys v0.49.0
)

replace github.com/imagetrust/imagetrust => ../..
