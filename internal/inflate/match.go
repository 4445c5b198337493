package inflate

// repeat writes length bytes at at that repeat those of a distance less than moveSize
// before. It may write up to moveSize bytes more.
func repeat(out *Buffer, at, distance, length uint) {
	from, end := at-distance, at+length
	// Where from and at are less than 8 apart, a move of eight bytes gets the first
	// repetition right, which doubles the distance for the next.
	for distance < 8 {
		store64(out, at, load64(out, from))
		at += distance
		distance *= 2
	}
	for ; at < end; at += 8 {
		store64(out, at, load64(out, at-distance))
	}
}
