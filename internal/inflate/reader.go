package inflate

import (
	"errors"
	"hash/crc32"
	"io"
)

const (
	windowSize = 32 << 10 // the farthest distance: RFC 1951, section 3.2.5
	maxMatch   = 258

	// lastOut is where symbols may still be decoded: three literals, a match, and what
	// the last moves of the match write beyond it find room.
	lastOut = windowSize + 128<<10 - (3 + maxMatch + 2*moveSize)
)

// Buffer is where a [Reader] decodes to: 32 KiB of history, and 128 KiB of new bytes.
type Buffer [windowSize + 128<<10]byte

// Reader inflates a stream. Use [NewReader] or [NewGzipReader]. It is for one
// goroutine at a time.
type Reader struct {
	input
	output

	gzip   bool
	stage  stage
	crc    uint32 // of the bytes of the member before summed
	size   uint32 // of them, modulo 2³²
	summed int    // where in the output those that are not summed up start

	final  bool   // The block is the last.
	stored int    // bytes left in a stored block
	codes  *codes // of the block

	dynamic         codes // of the last block with codes of its own
	codeLengthTable [1 << codeLengthBits]uint32
	lengths         [maxLitlen + maxDist]uint8
	builder         builder

	own   *Buffer // the buffer for Read and WriteTo
	piece []byte  // of own, not yet given out
	err   error   // of all calls when piece is given out
}

// stage is what comes next in the stream.
type stage uint8

const (
	memberHeader stage = iota
	blockHeader
	storedBytes
	symbols
	memberTrailer
	streamEnd
)

// output is where the decoded bytes go.
type output struct {
	buf   *Buffer
	start int // of the stream's, or member's, bytes in buf; no distance goes before it
	at    int // where the next byte goes
}

// turn goes on in buf. The last of what is decoded goes with it, as the history that
// distances refer to, so that new bytes start at windowSize.
func (o *output) turn(buf *Buffer) {
	var history []byte
	if o.buf != nil {
		history = o.buf[max(o.start, o.at-windowSize):o.at]
	}
	o.start = windowSize - len(history)
	copy(buf[o.start:], history)
	o.buf, o.at = buf, windowSize
}

// NewReader returns a reader of what the raw DEFLATE stream r inflates to.
func NewReader(r io.Reader) *Reader {
	z := &Reader{}
	z.Reset(r)
	return z
}

// NewGzipReader returns a reader of what the gzip file r, of one or more members,
// inflates to. Names and comments in headers may have 511 bytes, as in compress/gzip.
func NewGzipReader(r io.Reader) *Reader {
	z := &Reader{gzip: true}
	z.Reset(r)
	return z
}

// Reset starts anew with r, for the same format, in the memory that z has.
func (z *Reader) Reset(r io.Reader) {
	z.input.reset(r)
	z.output = output{}
	z.stage, z.final = blockHeader, false
	if z.gzip {
		z.stage = memberHeader
	}
	z.piece, z.err = nil, nil
}

// Fill decodes into buf and returns the new bytes, a part of buf: nearly as many as
// fit, or the last, which come together with io.EOF, with an [*Error], or with the
// error of the source.
//
// Fill takes its history from the buffer of the call before, whose bytes must still
// be as that call left them. Afterwards that buffer is free; it may also be buf. Do
// not mix Fill with Read and WriteTo.
func (z *Reader) Fill(buf *Buffer) ([]byte, error) {
	if len(z.piece) > 0 {
		return nil, errMixed
	}
	return z.fill(buf)
}

// errMixed is the error of Fill after a Read that left something over.
var errMixed = errors.New("inflate: Fill while bytes are left for Read")

func (z *Reader) fill(buf *Buffer) ([]byte, error) {
	if z.err != nil {
		return nil, z.err
	}
	z.turn(buf)
	z.summed = z.at
	z.err = z.decode()
	z.sum()
	return buf[windowSize:z.at], z.err
}

// Read reads the next inflated bytes.
func (z *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(z.piece) == 0 {
		if z.err != nil {
			return 0, z.err
		}
		z.fillOwn()
	}
	n := copy(p, z.piece)
	z.piece = z.piece[n:]
	return n, nil
}

// WriteTo writes all that is left to w, in large pieces.
func (z *Reader) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		if len(z.piece) > 0 {
			n, err := w.Write(z.piece)
			total += int64(n)
			z.piece = z.piece[n:]
			if err != nil {
				return total, err
			}
			if len(z.piece) > 0 {
				return total, io.ErrShortWrite
			}
		}
		if z.err == io.EOF {
			return total, nil
		}
		if z.err != nil {
			return total, z.err
		}
		z.fillOwn()
	}
}

func (z *Reader) fillOwn() {
	if z.own == nil {
		z.own = new(Buffer)
	}
	z.piece, _ = z.fill(z.own)
}

// Close does nothing. It is for those who close decompressors.
func (z *Reader) Close() error { return nil }

// decode decodes until the buffer is full, which is no error.
func (z *Reader) decode() (err error) {
	for err == nil {
		switch z.stage {
		case memberHeader:
			err = z.readMemberHeader()
		case blockHeader:
			err = z.readBlockHeader()
		case storedBytes:
			if z.at == len(z.buf) {
				return nil
			}
			err = z.readStored()
		case symbols:
			if z.at > lastOut {
				return nil
			}
			err = z.readSymbols()
		case memberTrailer:
			err = z.readMemberTrailer()
		case streamEnd:
			err = io.EOF
		}
	}
	return err
}

// blockEnd is what comes after a block.
func (z *Reader) blockEnd() stage {
	switch {
	case !z.final:
		return blockHeader
	case z.gzip:
		return memberTrailer
	}
	return streamEnd
}

// sum adds what is new in the output to the checksum of the member.
func (z *Reader) sum() {
	if !z.gzip {
		return
	}
	p := z.buf[z.summed:z.at]
	z.crc = crc32.Update(z.crc, crc32.IEEETable, p)
	z.size += uint32(len(p))
	z.summed = z.at
}
