package staticlib_test

import (
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/staticlib"
)

// A table of one library, of two functions in one object file.
func ExampleNew() {
	t := staticlib.New([]staticlib.Library{{Name: "alpha", Version: "1.2", Origin: "libalpha-dev 1.2-3"}}, []int{0}, map[uint64]int{1 << 40: 0, 2 << 40: 0})
	group, ok := t.Find(2 << 40)
	fmt.Println(ok, t.Library(t.Group(group).Library).Version, t.Group(group).Functions)
	// Output: true 1.2 2
}
