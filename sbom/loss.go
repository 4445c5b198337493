package sbom

// Loss is something that a document format could not express. Encoders return
// them, so that what a document lacks is known.
type Loss struct {
	// Component is the id of the component concerned; empty when the loss is
	// about the inventory.
	Component string `json:"component,omitempty"`
	// Field names what was lost, as in the JSON of the inventory: "files", "gaps",
	// "attribution.removed".
	Field string `json:"field"`
	// Reason says why, in one sentence.
	Reason string `json:"reason"`
	// Count is how many values were lost, for losses that are summed up.
	Count int `json:"count,omitempty"`
}
