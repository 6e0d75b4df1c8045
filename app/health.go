package app

import (
	"cmp"
	"fmt"
	"maps"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/httpapi"
)

// seen remembers when the number of accepted events last grew.
type seen struct {
	count float64
	at    felt.Instant
}

// health is what the parts say of themselves right now.
func (a *App) health() httpapi.Health {
	h := httpapi.Health{Parts: map[string]string{"log": "ok", "store": "ok", "door": "ok", "engine": "ok", "compaction": a.compactor.state(), "keeper": a.keeping()}, Drops: map[string]int64{}}
	h.Ready = a.worker.Ready()
	if !h.Ready {
		h.Parts["engine"] = cmp.Or(a.worker.Warming(), "reading what is on the log")
	}
	if why := a.inventory.waiting(); why != "" {
		h.Parts["inventory"] = why
		h.Ready = h.Ready && time.Since(a.began) > forceWithin // it must not keep the server from being used for ever
	}
	a.tellNotify(h.Parts)
	if s := a.keysState(); s != "" {
		h.Parts["ingest keys"] = s
	}
	a.mu.Lock()
	maps.Copy(h.Parts, a.down)
	h.Ready = h.Ready && len(a.down) == 0
	a.mu.Unlock()

	door := a.door.Metrics()
	h.Ingest = httpapi.Totals{
		Spans: total(door, "felt_ingest_spans_total"), Logs: total(door, "felt_ingest_logs_total"), Points: total(door, "felt_ingest_points_total"),
	}
	for _, m := range door {
		if m.Name == "felt_ingest_rejected_total" && len(m.Labels) == 1 {
			h.Drops["rejected_"+m.Labels[0].Value] = int64(m.Value)
		}
	}
	h.Drops["attributes_over_limit"] = total(door, "felt_ingest_dropped_attributes_total")
	h.Drops["values_cut"] = total(door, "felt_ingest_cut_values_total")
	h.Drops["records_unreadable"] = total(a.worker.Metrics(), "felt_worker_bad_records_total")
	h.Last = a.lastIn(float64(h.Ingest.Spans + h.Ingest.Logs + h.Ingest.Points))

	h.Config = a.inventory.errors()

	stats := a.worker.Stats()
	h.Names, h.Metrics, h.Events = stats.Discovered, stats.Unmapped, stats.Events
	for _, t := range stats.SignalTroubles {
		h.Signals = append(h.Signals, httpapi.SignalTrouble(t))
	}
	return h
}

// named are the operations of an environment that need no rule.
func (a *App) named(env string) map[httpapi.Operation]bool {
	m := map[httpapi.Operation]bool{}
	for _, o := range a.worker.Named() {
		if o.Env == env {
			m[httpapi.Operation{Service: o.Service, Name: o.Name, Kind: o.Kind}] = true
		}
	}
	return m
}

// keeping is how the keeper of traces is: "ok", or that it is behind.
func (a *App) keeping() string {
	behind := time.Duration(total(a.keeper.Metrics(), "felt_keeper_behind_seconds")) * time.Second
	if late := behind - a.cfg.KeeperBehind; late > keeperLate {
		return fmt.Sprintf("%s later than it should be: spans of kept traces are missing", late)
	}
	return "ok"
}

// keeperLate is how late the keeper may be before health says so.
const keeperLate = 5 * time.Minute

// lastIn is when telemetry last came in, seen from one question to the next.
func (a *App) lastIn(count float64) felt.Instant {
	a.mu.Lock()
	defer a.mu.Unlock()
	if count != a.seen.count {
		a.seen = seen{count: count, at: felt.InstantOf(a.cfg.Now())}
	}
	return a.seen.at
}

// total sums a metric over its labels.
func total(list []felt.Metric, name string) int64 {
	var v float64
	for _, m := range list {
		if m.Name == name {
			v += m.Value
		}
	}
	return int64(v)
}
