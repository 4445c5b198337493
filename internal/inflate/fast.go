package inflate

// lastIn is where fastSymbols may still take what it may need for a symbol: two loads
// of eight bytes, the second up to seven bytes after the first.
const lastIn = inSize - (7 + 8)

// fastSymbols decodes symbols while there is enough input and room for any, so that
// it need not look for each byte. What is read of the input starts at lastIn or
// before, and likewise what is written. Indices are unsigned and buffers are arrays,
// so that the compiler sees from these two comparisons what is inside.
func (z *Reader) fastSymbols() error {
	var (
		in    = &z.in
		out   = z.buf
		pos   = uint(z.pos)
		at    = uint(z.at)
		start = uint(z.start)
		bits  = z.bits
		n     = z.nbits // how many bits, in its low six bits
		t     = z.codes
		err   error
	)
	_, _ = t.litlen[0], out[0] // so that the loop need not look for nil
	bits |= loadIn(in, pos) << (n & 63)
	pos += (n&63 ^ 63) >> 3
	n |= 56
	// The next entry is looked up before the refill: enough bits are always left for the
	// look-up, and the load does not wait.
	e := t.litlen[bits&(1<<litlenBits-1)]
	for pos <= lastIn && at <= lastOut {
		// Refill: eight bytes are loaded; those that fit count, the others come again.
		bits |= loadIn(in, pos) << (n & 63)
		pos += (n&63 ^ 63) >> 3
		n |= 56
		// Up to three literals, of 11 bits each at most: longer codes are in second tables.
		if e&entryLiteral != 0 {
			bits >>= e & entryTotal
			n -= uint(e)
			out[at] = byte(e >> entryValue)
			e = t.litlen[bits&(1<<litlenBits-1)]
			if e&entryLiteral != 0 {
				bits >>= e & entryTotal
				n -= uint(e)
				out[at+1] = byte(e >> entryValue)
				e = t.litlen[bits&(1<<litlenBits-1)]
				if e&entryLiteral != 0 {
					bits >>= e & entryTotal
					n -= uint(e)
					out[at+2] = byte(e >> entryValue)
					at += 3
					e = t.litlen[bits&(1<<litlenBits-1)]
					continue
				}
				at++
			}
			at++
		}
		if e&entryException != 0 {
			if e&entryTable != 0 {
				bits >>= litlenBits
				n -= litlenBits
				e = t.litlen[(e>>entryValue+uint32(bits)&(1<<(e>>entryCode&15)-1))&(litlenSize-1)]
				if e&entryLiteral != 0 {
					bits >>= e & entryTotal
					n -= uint(e)
					out[at] = byte(e >> entryValue)
					at++
					e = t.litlen[bits&(1<<litlenBits-1)]
					continue
				}
			}
			if e&entryEnd != 0 {
				bits >>= e & entryTotal
				n -= uint(e)
				z.stage = z.blockEnd()
				break
			}
			if e&entryException != 0 {
				err = ErrSymbol
				break
			}
		}
		length := uint(e>>entryValue) + uint(bits&(1<<(e&entryTotal)-1)>>(e>>entryCode&15))
		bits >>= e & entryTotal
		n -= uint(e)

		// At least 56 bits less two literals and the longest length, 14, are left, enough for
		// the look-up. After the refill they are enough for the longest distance and the
		// next look-up.
		d := t.dist[bits&(1<<distBits-1)]
		if n&63 < maxCode+13+litlenBits {
			bits |= loadIn(in, pos) << (n & 63)
			pos += (n&63 ^ 63) >> 3
			n |= 56
		}
		if d&entryException != 0 {
			if d&entryTable != 0 {
				bits >>= distBits
				n -= distBits
				d = t.dist[(d>>entryValue+uint32(bits)&(1<<(d>>entryCode&15)-1))&(distSize-1)]
			}
			if d&entryException != 0 {
				err = ErrSymbol
				break
			}
		}
		distance := uint(d>>entryValue) + uint(bits&(1<<(d&entryTotal)-1)>>(d>>entryCode&15))
		bits >>= d & entryTotal
		n -= uint(d)
		e = t.litlen[bits&(1<<litlenBits-1)]
		from, end := at-distance, at+length
		// Only the first can be; the others tell the compiler so.
		if distance > at-start || from > lastOut+2 || at > lastOut+2 {
			err = ErrDistance
			break
		}
		if distance < moveSize || length > 2*moveSize && distance < 2*moveSize {
			repeat(out, at, distance, length)
			at += length
			continue
		}
		move16(out, at, from)
		move16(out, at+16, from+16)
		for at += 32; at < end; at += 16 {
			move16(out, at, at-distance)
		}
		at = end
	}
	z.pos, z.at = int(pos), int(at)
	z.nbits = n & 63
	z.bits = bits & (1<<z.nbits - 1)
	if err != nil {
		return z.invalid(err)
	}
	return nil
}
