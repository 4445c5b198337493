package xz

// The coder of LZMA, as the LZMA specification (7-Zip, lzma-specification.txt) and
// XZ Embedded describe it.

const (
	probInit     = 1 << 10
	topValue     = 1 << 24
	states       = 12
	posStates    = 16
	literalSize  = 0x300
	maxLiteral   = literalSize << 4 // lc + lp is at most 4 in LZMA2
	lenStates    = 4
	alignBits    = 4
	endPosModel  = 14
	fullDistance = 128
	firstMatch   = 7 // states from here on are behind a match
)

// decoder is the state of LZMA within a chunk and across chunks.
type decoder struct {
	out   []byte // what was decoded, which is the dictionary, too
	start int    // of the dictionary in out
	dict  int64  // its size

	in       []byte // of the chunk, behind what was read
	cut      bool   // more was wanted
	rng      uint32
	code     uint32
	lc, lp   uint
	pb       uint
	state    int
	rep      [4]uint32
	match    [states << 4]uint16
	isRep    [states]uint16
	repG0    [states]uint16
	repG1    [states]uint16
	repG2    [states]uint16
	rep0Long [states << 4]uint16
	slot     [lenStates][64]uint16
	special  [1 + fullDistance - endPosModel]uint16
	align    [1 << alignBits]uint16
	length   lengthDecoder
	repLen   lengthDecoder
	literal  [maxLiteral]uint16
}

type lengthDecoder struct {
	choice, choice2 uint16
	low, mid        [posStates][8]uint16
	high            [256]uint16
}

func fill(p []uint16) {
	for i := range p {
		p[i] = probInit
	}
}

func (l *lengthDecoder) reset() {
	l.choice, l.choice2 = probInit, probInit
	for i := range posStates {
		fill(l.low[i][:])
		fill(l.mid[i][:])
	}
	fill(l.high[:])
}

// resetState forgets everything but the dictionary and the properties.
func (d *decoder) resetState() {
	d.state, d.rep = 0, [4]uint32{}
	for _, p := range [][]uint16{d.match[:], d.isRep[:], d.repG0[:], d.repG1[:], d.repG2[:], d.rep0Long[:],
		d.special[:], d.align[:], d.literal[:]} {
		fill(p)
	}
	for i := range d.slot {
		fill(d.slot[i][:])
	}
	d.length.reset()
	d.repLen.reset()
}

// setProperties takes the byte (pb * 5 + lp) * 9 + lc.
func (d *decoder) setProperties(b byte) bool {
	if b >= 9*5*5 {
		return false
	}
	d.lc, d.lp, d.pb = uint(b%9), uint(b/9%5), uint(b/45)
	return d.lc+d.lp <= 4
}

// begin starts the range coder on a chunk.
func (d *decoder) begin(chunk []byte) bool {
	if len(chunk) < 5 || chunk[0] != 0 {
		return false
	}
	d.rng, d.cut = 0xffffffff, false
	d.code = uint32(chunk[1])<<24 | uint32(chunk[2])<<16 | uint32(chunk[3])<<8 | uint32(chunk[4])
	d.in = chunk[5:]
	return true
}

func (d *decoder) normalize() {
	if d.rng < topValue {
		d.rng <<= 8
		d.code <<= 8
		if len(d.in) == 0 {
			d.cut = true
			return
		}
		d.code |= uint32(d.in[0])
		d.in = d.in[1:]
	}
}

func (d *decoder) bit(p *uint16) int {
	d.normalize()
	bound := d.rng >> 11 * uint32(*p)
	if d.code < bound {
		d.rng = bound
		*p += (1<<11 - *p) >> 5
		return 0
	}
	d.rng -= bound
	d.code -= bound
	*p -= *p >> 5
	return 1
}

// tree decodes as many bits as a tree of probabilities has, the highest first.
func (d *decoder) tree(p []uint16) int {
	m := 1
	for m < len(p) {
		m = m<<1 | d.bit(&p[m])
	}
	return m - len(p)
}

// reverse decodes n bits with a tree that begins at p[1], the lowest first.
func (d *decoder) reverse(p []uint16, n int) uint32 {
	m, v := 1, uint32(0)
	for i := range n {
		b := d.bit(&p[m])
		m = m<<1 | b
		v |= uint32(b) << i
	}
	return v
}

// direct decodes n bits of equal probability.
func (d *decoder) direct(n int) uint32 {
	v := uint32(0)
	for range n {
		d.normalize()
		d.rng >>= 1
		b := uint32(0)
		if d.code >= d.rng {
			d.code -= d.rng
			b = 1
		}
		v = v<<1 | b
	}
	return v
}

func (d *decoder) decodeLength(l *lengthDecoder, posState int) int {
	switch {
	case d.bit(&l.choice) == 0:
		return 2 + d.tree(l.low[posState][:])
	case d.bit(&l.choice2) == 0:
		return 10 + d.tree(l.mid[posState][:])
	}
	return 18 + d.tree(l.high[:])
}

func (d *decoder) distance(length int) uint32 {
	slot := d.tree(d.slot[min(length-2, lenStates-1)][:])
	if slot < 4 {
		return uint32(slot)
	}
	bits := slot>>1 - 1
	dist := uint32(2|slot&1) << bits
	if slot < endPosModel {
		return dist + d.reverse(d.special[int(dist)-slot:], bits)
	}
	return dist + d.direct(bits-alignBits)<<alignBits + d.reverse(d.align[:], alignBits)
}

// byteAt returns the byte that lies that far back, 0 for one before the dictionary's
// beginning.
func (d *decoder) byteAt(back int) byte {
	if len(d.out)-d.start < back {
		return 0
	}
	return d.out[len(d.out)-back]
}

func (d *decoder) decodeLiteral(pos int) {
	context := (pos&(1<<d.lp-1))<<d.lc | int(d.byteAt(1))>>(8-d.lc)
	p := d.literal[context*literalSize:][:literalSize]
	sym := 1
	if d.state >= firstMatch {
		matched := int(d.byteAt(int(d.rep[0]) + 1))
		for sym < 0x100 {
			want := matched >> 7 & 1
			matched <<= 1
			b := d.bit(&p[(1+want)<<8+sym])
			sym = sym<<1 | b
			if b != want {
				break
			}
		}
	}
	for sym < 0x100 {
		sym = sym<<1 | d.bit(&p[sym])
	}
	d.out = append(d.out, byte(sym))
	switch {
	case d.state < 4:
		d.state = 0
	case d.state < 10:
		d.state -= 3
	default:
		d.state -= 6
	}
}

// after sets the state that follows, which depends on whether a literal was before.
func (d *decoder) after(literal, match int) {
	if d.state < firstMatch {
		d.state = literal
	} else {
		d.state = match
	}
}

// decode decodes size bytes of the chunk, and reports whether that is what it has.
func (d *decoder) decode(size int) bool {
	end := len(d.out) + size
	for len(d.out) < end && !d.cut {
		pos := len(d.out) - d.start
		posState := pos & (1<<d.pb - 1)
		if d.bit(&d.match[d.state<<4+posState]) == 0 {
			d.decodeLiteral(pos)
			continue
		}
		length := d.nextMatch(posState)
		if !d.copy(length, end) {
			return false
		}
	}
	d.normalize()
	return !d.cut && len(d.in) == 0 && d.code == 0
}

// nextMatch decodes the length of a match, and leaves its distance in d.rep[0].
func (d *decoder) nextMatch(posState int) int {
	if d.bit(&d.isRep[d.state]) == 0 {
		length := d.decodeLength(&d.length, posState)
		d.after(7, 10)
		d.rep = [4]uint32{d.distance(length), d.rep[0], d.rep[1], d.rep[2]}
		return length
	}
	if d.bit(&d.repG0[d.state]) == 0 {
		if d.bit(&d.rep0Long[d.state<<4+posState]) == 0 {
			d.after(9, 11)
			return 1
		}
	} else {
		n := 1
		if d.bit(&d.repG1[d.state]) != 0 {
			n = 2 + d.bit(&d.repG2[d.state])
		}
		dist := d.rep[n]
		copy(d.rep[1:n+1], d.rep[:n])
		d.rep[0] = dist
	}
	length := d.decodeLength(&d.repLen, posState)
	d.after(8, 11)
	return length
}

// copy repeats what is d.rep[0] + 1 bytes back.
func (d *decoder) copy(length, end int) bool {
	back := int64(d.rep[0]) + 1
	if back > int64(len(d.out)-d.start) || back > d.dict || length > end-len(d.out) {
		return false
	}
	from := len(d.out) - int(back)
	for i := range length {
		d.out = append(d.out, d.out[from+i])
	}
	return true
}
