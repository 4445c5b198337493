package pyinstaller

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

const (
	maxDepth   = 16      // objects in each other
	maxModules = 200_000 // in a table
)

// moduleNames returns the names in a marshalled table of modules (Python/marshal.c): the keys
// of a dictionary, or the first of each pair in a list. Nothing but what such tables have is
// understood.
func moduleNames(b []byte) ([]string, error) {
	m := marshalled{b: b}
	m.object(0, true)
	return m.names, m.err
}

// marshalled is a reader of Python's own serialization.
type marshalled struct {
	b     []byte
	names []string
	err   error
}

func (m *marshalled) fail() {
	if m.err == nil {
		m.err = fmt.Errorf("%w: table of modules", detect.ErrFormat)
	}
	m.b = nil
}

func (m *marshalled) take(n uint64) []byte {
	if n > uint64(len(m.b)) {
		m.fail()
		return nil
	}
	b := m.b[:n]
	m.b = m.b[n:]
	return b
}

func (m *marshalled) number(size uint64) uint64 {
	b := m.take(size)
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return 0
}

// object reads an object; key is set where the first text is the name of a module: of a list
// that of each element, of a dictionary that of each key.
func (m *marshalled) object(depth int, key bool) {
	const reference = 0x80 // The object may be referred to later.
	if depth > maxDepth || len(m.b) == 0 {
		m.fail()
		return
	}
	switch kind := m.take(1)[0] &^ reference; kind {
	case 'N', 'T', 'F', '0':
	case 'i', 'r':
		m.take(4)
	case 'I', 'g':
		m.take(8)
	case 'l': // So many digits of 15 bits, or with a sign.
		n := int64(int32(m.number(4)))
		m.take(2 * uint64(max(n, -n)))
	case 's', 't', 'u', 'a', 'A':
		m.text(m.number(4), key)
	case 'z', 'Z':
		m.text(m.number(1), key)
	case '(', '[':
		m.elements(m.number(4), depth, key)
	case ')':
		m.elements(m.number(1), depth, key)
	case '{':
		for len(m.b) > 0 && m.b[0] != '0' && m.err == nil {
			m.object(depth+1, key)
			m.object(depth+1, false)
		}
		m.take(1)
	default:
		m.fail()
	}
}

func (m *marshalled) text(n uint64, key bool) {
	b := m.take(n)
	if key && len(b) > 0 && len(m.names) < maxModules {
		m.names = append(m.names, strings.ToValidUTF8(string(b), "?"))
	}
}

// elements reads a list, or a tuple. The outermost one has an element for each module, and
// of these the first is its name.
func (m *marshalled) elements(n uint64, depth int, key bool) {
	for i := uint64(0); i < n && m.err == nil; i++ {
		m.object(depth+1, key && (depth == 0 || i == 0))
	}
}
