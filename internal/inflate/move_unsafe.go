//go:build inflate_unsafe

package inflate

import (
	"encoding/binary"
	"unsafe"
)

// The same as in the safe build, without looking whether indices are inside: those who
// call keep a distance from the ends that makes sure of it.

func loadIn(p *[inSize]byte, i uint) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(unsafe.Pointer(p), i))[:])
}

func load64(p *Buffer, i uint) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(unsafe.Pointer(p), i))[:])
}

func store64(p *Buffer, i uint, v uint64) {
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(unsafe.Pointer(p), i))[:], v)
}

func move16(p *Buffer, to, from uint) {
	*(*[16]byte)(unsafe.Add(unsafe.Pointer(p), to)) = *(*[16]byte)(unsafe.Add(unsafe.Pointer(p), from))
}
