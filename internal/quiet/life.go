package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/shell/simulate"
)

// metricsEvery is how often services tell what they measured.
const metricsEvery felt.Tick = 10

// life is a world, the door and the engine, second by second.
type life struct {
	world   *simulate.World
	encoder *simulate.Encoder
	packer  *otlp.Packer
	engine  *engine.Engine
	diary   *diary
	records []felt.Record
	told    felt.Instant
}

func newLife(o options, out io.Writer) (*life, error) {
	scenario, err := world(o)
	if err != nil {
		return nil, err
	}
	w, err := simulate.New(scenario, simulate.Options{
		Seed: o.seed, Start: monday, Rate: o.rate,
		RateAt: func(at felt.Instant) float64 { return o.rate * crowd(at-monday) },
	})
	if err != nil {
		return nil, err
	}
	s := felt.DefaultSettings()
	s.Partitions = 1
	l := &life{
		world: w, engine: engine.New(s), diary: newDiary(out), told: monday - 1,
		// Services send one span each for what they do, not two.
		encoder: simulate.NewEncoder(w, simulate.EncoderOptions{Lean: true}),
		packer:  otlp.NewPacker(otlp.Options{Partitions: 1, Clock: s.Clock, LateMax: s.LateMax, Key: otlp.HashKey{ID: 1, Secret: []byte("0123456789abcdef")}}),
	}
	in, err := simulate.Inventory(scenario)
	if err != nil {
		return nil, err
	}
	return l, l.say(felt.KindInventory, in)
}

// say puts a control record on its way.
func (l *life) say(kind felt.Kind, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err //nolint:wrapcheck // cannot happen
	}
	l.records = append(l.records, felt.Record{Kind: kind, Part: felt.Control, At: l.world.Now(), Data: data})
	return nil
}

// live lets the world live for so many days more.
func (l *life) live(ctx context.Context, days float64) error {
	from := felt.Tick(l.world.Now() / felt.Second)
	to := from + felt.Tick(days*86400)
	for t := from + 1; t <= to; t++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := l.second(t); err != nil {
			return err
		}
	}
	return nil
}

// second is what happens until the end of tick t.
func (l *life) second(t felt.Tick) error {
	now := t.Instant()
	tries := l.world.Advance(now)
	for i := range tries {
		if tries[i].Traffic == felt.TrafficCustomer {
			l.diary.try(&tries[i])
		}
	}
	l.encoder.Put(tries)
	if err := l.send(now, l.encoder.Take(now)); err != nil {
		return err
	}
	if t%metricsEvery == 0 {
		if err := l.send(now, l.encoder.Metrics(now)); err != nil {
			return err
		}
	}
	if t%60 == 0 {
		if list := l.world.Changes(l.told, now); len(list) > 0 {
			if err := l.say(felt.KindBusiness, felt.Business{Via: "cloudevents", Changes: list}); err != nil {
				return err
			}
		}
		l.told = now
	}
	if len(l.records) == 0 && l.engine.Quiet(t) {
		return nil
	}
	batches, err := l.engine.Run(t, l.records)
	if err != nil {
		return fmt.Errorf("tick %d: %w", t, err)
	}
	l.records = l.records[:0]
	for i := range batches {
		l.diary.read(&batches[i])
	}
	return nil
}

// send gives requests to the door.
func (l *life) send(now felt.Instant, list []simulate.Body) error {
	for i := range list {
		b := &list[i]
		pack := l.packer.Traces
		switch b.Path {
		case "/v1/logs":
			pack = l.packer.Logs
		case "/v1/metrics":
			pack = l.packer.Metrics
		}
		r, err := pack(b.Data, now)
		if err != nil {
			return fmt.Errorf("%s: %w", b.Path, err)
		}
		if r.Reason != "" {
			return errors.New("the door rejects: " + r.Reason)
		}
		l.diary.report.Add(r)
	}
	n := len(l.records)
	l.records = l.packer.Take(l.records)
	for i := range l.records[n:] {
		l.records[n+i].At = now
	}
	return nil
}
