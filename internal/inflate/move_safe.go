//go:build !inflate_unsafe

package inflate

import "encoding/binary"

func loadIn(p *[inSize]byte, i uint) uint64 { return binary.LittleEndian.Uint64(p[i : i+8]) }

func load64(p *Buffer, i uint) uint64     { return binary.LittleEndian.Uint64(p[i : i+8]) }
func store64(p *Buffer, i uint, v uint64) { binary.LittleEndian.PutUint64(p[i:i+8], v) }

func move16(p *Buffer, to, from uint) {
	*(*[16]byte)(p[to : to+16]) = *(*[16]byte)(p[from : from+16])
}
