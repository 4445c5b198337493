// Package inflate decompresses DEFLATE (RFC 1951) and gzip (RFC 1952) faster than
// any other package in Go: a little over twice as fast as klauspost/compress on
// the layers of container images, three times as fast as the standard library.
//
// A [Reader] reads a raw DEFLATE stream or a gzip file of one or more members. It is
// an io.ReadCloser and an io.WriterTo, and it can decode into the caller's buffers
// with Fill, so that one goroutine hashes a piece while another inflates the next,
// without a copy. [Decompressor] makes archive/zip use it.
//
// # Strictness
//
// What compress/flate and compress/gzip reject is rejected, and nothing else: codes
// that are over-subscribed or incomplete, symbols without a code, distances before
// the start of the stream, truncation, wrong checksums and lengths. An [Error] says
// what and at which compressed byte. What was decoded before it is delivered first;
// decoders differ in how many of the last bytes before a fault that includes.
//
// # Cost
//
// Time is linear in input plus output. A reader holds less than 256 KiB and allocates
// nothing after Reset but errors. It reads ahead of the end of the stream: where the source
// stands afterwards is not defined. It is not for interactive streams: bytes come in
// pieces of up to 128 KiB, whatever the sender flushed.
//
// # Memory safety
//
// The default build has no unsafe code. Built with the tag inflate_unsafe, loads and
// copies of the inner loop skip their bounds checks, which its guards have made
// needless; it is the same source but for one file.
package inflate
