package demo

import (
	_ "embed"
	"strings"
	"time"

	"github.com/felt-cx/felt"
)

//go:embed inventory.yaml
var inventoryText string

// reviewed is the day in the text on which the journeys were last confirmed.
const reviewed = "2026-11-01"

// Inventory describes the shop's journeys, for a server that has no inventory of its own. Nobody
// has to review a shop that does not exist: it says that it was done at the beginning of the
// month. Its thresholds change no outcome that the simulator decided: what is true stays true.
func Inventory(today time.Time) felt.Inventory {
	month := today.AddDate(0, 0, 1-today.Day()).Format(time.DateOnly)
	return felt.Inventory{Actor: "demo", Files: []felt.InventoryFile{
		{Name: "demo-shop.yaml", Text: strings.ReplaceAll(inventoryText, reviewed, month)},
	}}
}
