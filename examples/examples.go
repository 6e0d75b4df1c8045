// Package examples holds the files of examples/ that the program itself knows: the inventories of
// the made-up businesses, and the scenarios that felt simulate and felt demo run by name.
package examples

import "embed"

// Files are inventories (shop/inventory.yaml, hosting/inventory.yaml) and scenarios/*.yaml.
//
//go:embed shop/inventory.yaml hosting/inventory.yaml scenarios/*.yaml
var Files embed.FS
