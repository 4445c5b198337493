module github.com/imagetrust/imagetrust/internal/bench

go 1.26.3

require github.com/imagetrust/imagetrust v0.0.0

replace github.com/imagetrust/imagetrust => ../..
