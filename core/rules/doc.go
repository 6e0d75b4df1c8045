// Package rules is the inventory: the journeys that earn a business its money, written
// as YAML, checked, and compiled into what the engine asks for every span.
package rules
