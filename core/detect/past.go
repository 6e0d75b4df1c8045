package detect

import "github.com/felt-cx/felt"

// Past closes a window of which all is known but who was heard, after a loss of the state: tries
// and values were given from what is stored, what was heard is not. Call it instead of Tick, for
// ticks before the last one.
func (d *Detector) Past(t felt.Tick) {
	if t%Every == 0 {
		d.sources.close(t)
	}
}

// RulesVersion is the version of the inventory by which is judged; 0 none.
func (d *Detector) RulesVersion() int64 {
	if d.rules == nil {
		return 0
	}
	return d.rules.Version
}
