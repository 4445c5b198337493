package xz

// DecompressLZMA returns the size bytes of a stream of LZMA that has neither a header nor a
// mark at its end, as packers of programs write it. Properties are the byte that the
// header of a file has, (pb * 5 + lp) * 9 + lc, with lc + lp of at most 4; the dictionary
// is as large as the content. Memory is bounded by size.
func DecompressLZMA(data []byte, properties byte, size int) ([]byte, error) {
	d := decoder{dict: int64(size)}
	if size < 0 || !d.setProperties(properties) {
		return nil, malformed("properties of LZMA")
	}
	d.resetState()
	if !d.begin(data) || !d.decode(size) {
		return nil, malformed("LZMA data")
	}
	return d.out, nil
}
