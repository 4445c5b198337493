package inflate

// lastIn is where fastSymbols may still take what it may need for a symbol: two loads.
const lastIn = inSize - (7 + 8)

// fastSymbols decodes symbols without looking whether there is still input or room,
// while there is enough of both for any.
func (z *Reader) fastSymbols() error {
	var (
		in   = &z.in
		out  = z.buf
		pos  = uint(z.pos)
		at   = uint(z.at)
		bits = z.bits
		n    = z.nbits // how many bits, in its low six bits
		t    = z.codes
		err  error
	)
	_, _ = t.litlen[0], out[0] // no look at nil in the loop
	for pos <= lastIn && at <= lastOut {
		// Load eight bytes; as many as fit are taken, the rest is loaded again.
		bits |= loadIn(in, pos) << (n & 63)
		pos += (n&63 ^ 63) >> 3
		n |= 56
		// Up to three literals, of 11 bits at most if in the first table.
		e := t.litlen[bits&(1<<litlenBits-1)]
		if e&entryLiteral != 0 {
			bits >>= e & entryTotal
			n -= uint(e)
			out[at] = byte(e >> entryValue)
			at++
			e = t.litlen[bits&(1<<litlenBits-1)]
			if e&entryLiteral != 0 {
				bits >>= e & entryTotal
				n -= uint(e)
				out[at] = byte(e >> entryValue)
				at++
				e = t.litlen[bits&(1<<litlenBits-1)]
				if e&entryLiteral != 0 {
					bits >>= e & entryTotal
					n -= uint(e)
					out[at] = byte(e >> entryValue)
					at++
					continue
				}
			}
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

		if n&63 < maxCode+13 {
			bits |= loadIn(in, pos) << (n & 63)
			pos += (n&63 ^ 63) >> 3
			n |= 56
		}
		e = t.dist[bits&(1<<distBits-1)]
		if e&entryException != 0 {
			if e&entryTable != 0 {
				bits >>= distBits
				n -= distBits
				e = t.dist[(e>>entryValue+uint32(bits)&(1<<(e>>entryCode&15)-1))&(distSize-1)]
			}
			if e&entryException != 0 {
				err = ErrSymbol
				break
			}
		}
		distance := uint(e>>entryValue) + uint(bits&(1<<(e&entryTotal)-1)>>(e>>entryCode&15))
		bits >>= e & entryTotal
		n -= uint(e)
		if distance > at-uint(z.start) {
			err = ErrDistance
			break
		}
		if distance < moveSize {
			repeat(out, at, distance, length)
			at += length
			continue
		}
		from, end := at-distance, at+length
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
