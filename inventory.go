package felt

// Inventory is the text of the inventory's files as they were when they were loaded.
// It travels on the log ([KindInventory]) as it was written, so that a replay reads
// what people wrote; package core/rules turns it into journeys. Only a text without
// problems gets on the log.
type Inventory struct {
	Version int64           `json:"version"` // grows with every change
	Files   []InventoryFile `json:"files"`   // in order of name
	Actor   string          `json:"actor,omitempty"`
}

// InventoryFile is one YAML file.
type InventoryFile struct {
	Name string `json:"name"` // relative to the inventory's directory, with slashes
	Text string `json:"text"`
}
