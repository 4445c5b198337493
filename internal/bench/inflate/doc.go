// Package inflate measures internal/inflate beside compress/gzip and
// klauspost/compress on the layers of the benchmark images. It is benchmarks only:
//
//	go test -bench=. -benchtime=5x ./inflate
//
// Every row runs all decoders in turn, on the same bytes in memory, once an iteration,
// so that what the machine does meanwhile hits all of them alike; the figures are medians
// over the iterations. See the README for what the rows mean.
package inflate
