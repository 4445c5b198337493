package catalog

import (
	"context"
	"encoding/binary"
)

// maxShared is the longest beginning that a string takes from the one before it,
// and maxGrowth how many times longer than its encoding a table of strings may be.
const (
	maxShared = 255
	maxGrowth = 16
)

// encodeTable encodes strings: the length of what follows in bytes and, for each
// string, how many bytes it begins with that the one before it begins with too,
// how many follow, and these. The paths of a layer shrink to a fifth. When ctx is done,
// what it returns is nothing.
func encodeTable(ctx context.Context, table []string) []byte {
	data, total := frontCode(ctx, table, maxShared)
	if total > maxGrowth*len(data) {
		data, _ = frontCode(ctx, table, 0) // No layer's paths are like this.
	}
	return appendWord(nil, string(data))
}

func frontCode(ctx context.Context, table []string, most int) (data []byte, total int) {
	last := ""
	for i, s := range table {
		if i%askEvery == askEvery-1 && ctx.Err() != nil {
			return nil, 0
		}
		n := sharedPrefix(last, s, most)
		data = append(data, byte(n))
		data = binary.AppendUvarint(data, uint64(len(s)-n))
		data = append(data, s[n:]...)
		total += len(s)
		last = s
	}
	return data, total
}

// readTable reads what encodeTable wrote.
func (w *wire) readTable() {
	var size uint64
	w.uint(&size)
	if size > uint64(len(w.buf)) {
		w.fail()
		return
	}
	data, rest := w.buf[:size], w.buf[size:]
	w.table = append(make([]string, 0, len(words())+len(data)/24), words()...)
	last := ""
	for left := maxGrowth * len(data); len(data) > 0; {
		shared := int(data[0])
		n, k := binary.Uvarint(data[1:])
		if data = data[1:]; k <= 0 || n > uint64(len(data)-k) || shared > len(last) || left < shared+int(n) {
			w.fail()
			return
		}
		if len(w.table)%askEvery == 0 {
			if w.interrupted(); w.err != nil {
				return
			}
		}
		last = w.text.join(last[:shared], data[k:k+int(n)])
		left -= len(last)
		data = data[k+int(n):]
		w.table = append(w.table, last)
	}
	w.buf = rest
}
