package catalog

// KindOf is kindOf, for tests that derive what is executable from the squashed view.
var KindOf = kindOf
