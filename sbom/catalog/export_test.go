package catalog

// KindOf is kindOf, for tests that derive what is executable from the squashed view.
var KindOf = kindOf

// AllocatedBytes is how many bytes f allocates.
func AllocatedBytes(f func()) uint64 { return allocations(f) }
