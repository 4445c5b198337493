package inflate

// moveSize is how many bytes a move has.
const moveSize = 16

// repeat writes length bytes at at that repeat those of a short distance, less than two
// moves, before. It may write nearly two moves more.
func repeat(out *Buffer, at, distance, length uint) {
	from, end := at-distance, at+length
	// Where from and at are less than 8 apart, a move of eight bytes gets the first
	// repetition right, which doubles the distance for the next.
	for distance < 8 {
		store64(out, at, load64(out, from))
		at += distance
		distance *= 2
	}
	// What repeats is loaded once: loads of what was just stored would wait for it. Each
	// round writes more than a distance, and the next over what was too much.
	a, b := load64(out, from), load64(out, from+8)
	if distance <= 16 {
		for ; at < end; at += distance {
			store64(out, at, a)
			store64(out, at+8, b)
		}
		return
	}
	c, d := load64(out, from+16), load64(out, from+24)
	for ; at < end; at += distance {
		store64(out, at, a)
		store64(out, at+8, b)
		store64(out, at+16, c)
		store64(out, at+24, d)
	}
}
