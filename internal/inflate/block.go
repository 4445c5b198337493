package inflate

// readBlockHeader reads the header of a block: RFC 1951, section 3.2.3.
func (z *Reader) readBlockHeader() error {
	if err := z.need(3); err != nil {
		return err
	}
	z.final = z.take(1) == 1
	switch z.take(2) {
	case 0:
		return z.readStoredHeader()
	case 1:
		z.codes = fixed()
	case 2:
		if err := z.readCodes(); err != nil {
			return err
		}
	default:
		return z.invalid(ErrBlock)
	}
	z.stage = symbols
	return nil
}

// readStoredHeader reads LEN and NLEN: RFC 1951, section 3.2.4.
func (z *Reader) readStoredHeader() error {
	z.align()
	if err := z.need(32); err != nil {
		return err
	}
	n, not := z.take(16), z.take(16)
	if n != not^0xffff {
		return z.invalid(ErrBlock)
	}
	z.stored, z.stage = int(n), storedBytes
	if n == 0 {
		z.stage = z.blockEnd()
	}
	return nil
}

func (z *Reader) readStored() error {
	n, err := z.readBytes(z.buf[z.at:min(z.at+z.stored, len(z.buf))])
	z.at += n
	z.stored -= n
	if z.stored == 0 {
		z.stage = z.blockEnd()
	}
	return err
}

// readSymbols decodes symbols until the block ends, the buffer might not hold the
// next match, or more input must be read.
func (z *Reader) readSymbols() error {
	if z.pos <= lastIn && z.at <= lastOut {
		if err := z.fastSymbols(); err != nil || z.stage != symbols {
			return err
		}
	}
	for z.stage == symbols && z.at <= lastOut {
		if err := z.readSymbol(); err != nil {
			return err
		}
		if z.pos <= lastIn {
			return nil
		}
	}
	return nil
}

// readSymbol decodes one symbol, and takes no byte of the input that it does not
// need.
func (z *Reader) readSymbol() error {
	e, extra, err := z.decodeEntry(z.codes.litlen[:], litlenBits)
	if err != nil {
		return err
	}
	switch {
	case e&entryLiteral != 0:
		z.buf[z.at] = byte(e >> entryValue)
		z.at++
		return nil
	case e&entryEnd != 0:
		z.stage = z.blockEnd()
		return nil
	}
	length := int(e>>entryValue) + int(extra)
	if e, extra, err = z.decodeEntry(z.codes.dist[:], distBits); err != nil {
		return err
	}
	distance := int(e>>entryValue) + int(extra)
	if distance > z.at-z.start {
		return z.invalid(ErrDistance)
	}
	for range length {
		z.buf[z.at] = z.buf[z.at-distance]
		z.at++
	}
	return nil
}

// decodeEntry decodes one code with its extra bits.
func (z *Reader) decodeEntry(table []uint32, tableBits uint) (e, extra uint32, err error) {
	for {
		e = table[z.bits&(1<<tableBits-1)]
		used := uint(0)
		if e&entryTable != 0 {
			used = tableBits
			e = subEntry(table, e, z.bits>>tableBits)
		}
		if used+uint(e&entryTotal) <= z.nbits {
			z.take(used)
			break
		}
		if err := z.need(z.nbits + 1); err != nil {
			return 0, 0, err
		}
	}
	if e&(entryException|entryEnd) == entryException {
		return 0, 0, z.invalid(ErrSymbol)
	}
	code := uint(e>>entryCode) & 15
	extra = uint32(z.take(uint(e&entryTotal)) >> code)
	return e, extra, nil
}
