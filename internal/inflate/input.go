package inflate

import "io"

const inSize = 64 << 10 // of the input buffer

// input is the compressed stream as bits: RFC 1951, section 3.1.1.
type input struct {
	src  io.Reader
	in   [inSize]byte
	pos  int   // of the next byte of in; all from there to the end are read
	base int64 // offset in the stream of in[0]
	fail error // of src, behind what is in in

	bits  uint64 // taken from in and not yet used; the next is the lowest
	nbits uint   // how many; those above are zero
}

func (i *input) reset(r io.Reader) {
	i.src, i.pos, i.base, i.fail, i.bits, i.nbits = r, inSize, -inSize, nil, 0, 0
}

// offset is that of the byte with the next bit.
func (i *input) offset() int64 { return i.base + int64(i.pos) - int64((i.nbits+7)/8) }

// invalid is the error that the stream is invalid here.
func (i *input) invalid(err error) error { return &Error{i.offset(), err} }

// more reads the next bytes of the source into in, which is used up. They go to its
// end, so that loops know that end as a constant.
func (i *input) more() error {
	n, err := i.read(i.in[:])
	copy(i.in[inSize-n:], i.in[:n])
	i.pos = inSize - n
	i.base += int64(n)
	return err
}

// read reads at least one byte from the source, or gives the reason why not.
func (i *input) read(p []byte) (int, error) {
	for range 100 {
		if i.fail != nil {
			return 0, i.fail
		}
		var n int
		if n, i.fail = i.src.Read(p); n > 0 {
			return n, nil
		}
	}
	i.fail = io.ErrNoProgress
	return 0, i.fail
}

// need takes bytes until there are n bits, at most 56.
func (i *input) need(n uint) error {
	for i.nbits < n {
		if i.pos == inSize {
			if err := i.more(); err == io.EOF {
				return &Error{i.base + int64(i.pos), io.ErrUnexpectedEOF}
			} else if err != nil {
				return err
			}
		}
		i.bits |= uint64(i.in[i.pos]) << i.nbits
		i.nbits += 8
		i.pos++
	}
	return nil
}

// take returns the next n bits, which are there, as a number.
func (i *input) take(n uint) uint {
	v := uint(i.bits) & (1<<n - 1)
	i.bits >>= n
	i.nbits -= n
	return v
}

// align skips to the next byte.
func (i *input) align() { i.take(i.nbits % 8) }

// byte returns the next byte, of an aligned input.
func (i *input) byte() (byte, error) {
	if err := i.need(8); err != nil {
		return 0, err
	}
	return byte(i.take(8)), nil
}

// readBytes reads some bytes of an aligned input into p, which is not empty.
func (i *input) readBytes(p []byte) (int, error) {
	if i.nbits == 0 && i.pos < inSize {
		n := copy(p, i.in[i.pos:])
		i.pos += n
		return n, nil
	}
	b, err := i.byte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}
