package simulate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/felt-cx/felt"
)

// pathEvents is where changes are told; the other paths are OTLP's.
const pathEvents = "/v1/events"

// Changes are what is told to the server of (from, to], in order of time: those of the
// scenario, and of every bad release its deploy and, when the fault ends, the deploy of what was
// before. Quiet faults are not told.
func (w *World) Changes(from, to felt.Instant) []felt.Change {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []felt.Change
	add := func(c felt.Change) {
		if c.Started > from && c.Started <= to {
			c.Env = w.scenario.Env
			list = append(list, c)
		}
	}
	for i, c := range w.scenario.Changes {
		change := felt.Change{
			ID: fmt.Sprintf("change-%d", i), Kind: c.Kind, App: c.App, Version: c.Version, Previous: c.Previous,
			Region: c.Region, Author: c.Author, Started: w.opt.Start + c.Start,
		}
		if c.Service != "" {
			change.Services = []string{c.Service}
		}
		add(change)
	}
	for i := range w.episodes {
		e := &w.episodes[i]
		f := &w.scenario.Faults[e.fault]
		if f.Quiet || f.Version == "" || e.to <= e.from {
			continue
		}
		before := serviceRelease
		if f.Service == pageService {
			before = newRelease
		}
		c := felt.Change{Kind: "deploy", App: e.first.app, Services: []string{f.Service}, Author: "release train"}
		c.ID, c.Version, c.Previous, c.Started = fmt.Sprintf("deploy-%d", i), f.Version, before, e.from
		add(c)
		c.ID, c.Version, c.Previous, c.Started = fmt.Sprintf("rollback-%d", i), before, f.Version, e.to
		add(c)
	}
	slices.SortStableFunc(list, func(a, b felt.Change) int { return cmp.Compare(a.Started, b.Started) })
	return list
}

// cloudEvent is a change as it travels.
type cloudEvent struct {
	Version string         `json:"specversion"`
	ID      string         `json:"id"`
	Source  string         `json:"source"`
	Type    string         `json:"type"`
	Time    time.Time      `json:"time"`
	Data    map[string]any `json:"data"`
}

// ChangesBody is the request that tells the server of changes, as CloudEvents.
func ChangesBody(changes []felt.Change) (Body, error) {
	events := make([]cloudEvent, len(changes))
	for i, c := range changes {
		data := map[string]any{"started": c.Started.Time().Format(time.RFC3339Nano)}
		for key, value := range map[string]string{
			"env": c.Env, "app": c.App, "version": c.Version, "previous": c.Previous, "region": c.Region, "author": c.Author,
		} {
			if value != "" {
				data[key] = value
			}
		}
		if len(c.Services) > 0 {
			data["services"] = c.Services
		}
		events[i] = cloudEvent{
			Version: "1.0", ID: fmt.Sprintf("%s-%d", c.ID, c.Started), Source: scopeName,
			Type: "felt.change." + c.Kind, Time: c.Started.Time(), Data: data,
		}
	}
	b, err := json.Marshal(events)
	if err != nil {
		return Body{}, fmt.Errorf("changes: %w", err)
	}
	return Body{Path: pathEvents, Data: b}, nil
}
