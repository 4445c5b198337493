package document

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"strconv"

	"github.com/imagetrust/imagetrust/sbom"
)

// UUID derives a UUID (RFC 9562, version 8) from content: the same bytes have
// the same UUID.
func UUID(content []byte) string {
	h := sha256.Sum256(content)
	h[6] = h[6]&0x0f | 0x80
	h[8] = h[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// NilUUID has the length of every UUID and stands in for one in content that is
// still to be hashed.
const NilUUID = "00000000-0000-0000-0000-000000000000"

// GoodDigest reports whether d is well-formed, in lower case.
func GoodDigest(d sbom.Digest) bool {
	p, err := sbom.ParseDigest(string(d))
	return err == nil && p == d
}

// InventoryUUID derives a UUID from everything in an inventory and from salt: the
// same inventory and salt have the same UUID. It is for writers that state a UUID
// before they have written what it identifies.
func InventoryUUID(inv *sbom.Inventory, salt string) string {
	h := sha256.New()
	w := bufio.NewWriterSize(h, 8<<10) // in which nothing fails
	add := func(strings ...string) {
		for _, s := range strings {
			_, _ = w.Write(strconv.AppendInt(w.AvailableBuffer(), int64(len(s)), 10))
			_ = w.WriteByte(':')
			_, _ = w.WriteString(s)
		}
	}
	list := func(props []sbom.Property) {
		add(strconv.Itoa(len(props)))
		for _, p := range props {
			add(p.Name, p.Value)
		}
	}
	add(salt)
	list(Inventory(inv, &sbom.Inventory{}))
	add(strconv.Itoa(len(inv.Components)), strconv.Itoa(len(inv.Relationships)))
	for i := range inv.Components {
		list(Component(&inv.Components[i], &sbom.Component{}))
		list(inv.Components[i].Properties)
	}
	for i := range inv.Relationships {
		add(inv.Relationships[i].From, string(inv.Relationships[i].Type), inv.Relationships[i].To)
	}
	for i := range inv.Files {
		list(File(&inv.Files[i], &sbom.File{}))
	}
	_ = w.Flush()
	return UUID(h.Sum(nil))
}
