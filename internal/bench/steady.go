package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// inventoryShape is the size of the business whose telemetry the steady load is.
type inventoryShape struct {
	apps, names, values  int // values of the one segment key that every interaction carries
	services, operations int
	rate                 int // interactions a second
	spans                int // of a trace, the browser's included
	journeys             bool
}

// stepsPerJourney is how many names of an app make one journey.
const stepsPerJourney = 5

// steady measures what Felt holds in memory under a load that goes on for long: as many
// apps, names and segment values as the budget names, every interaction a step of a
// journey, and every operation in use.
func steady(ctx context.Context, o options, w io.Writer) error {
	config, err := os.MkdirTemp("", "felt-steady-")
	if err != nil {
		return fmt.Errorf("folder for the inventory: %w", err)
	}
	sv, err := startSteady(ctx, o, config)
	if err == nil {
		err = errors.Join(runSteady(ctx, o, sv, w), sv.stop())
	}
	return errors.Join(err, os.RemoveAll(config))
}

func startSteady(ctx context.Context, o options, dir string) (*server, error) {
	if o.shape.journeys {
		if err := os.WriteFile(filepath.Join(dir, "journeys.yaml"), []byte(o.shape.inventory()), 0o600); err != nil {
			return nil, fmt.Errorf("inventory: %w", err)
		}
	}
	sv, err := start(ctx, subjectFelt, o.felt, 2, "--config", dir)
	if err != nil {
		return nil, fmt.Errorf("felt: %w", err)
	}
	return sv, nil
}

func runSteady(ctx context.Context, o options, sv *server, w io.Writer) error {
	send, err := newSender(sv, "grpc", 1)
	if err != nil {
		return err
	}
	defer send.close()
	g := newCrowd(o.shape)
	began := time.Now()
	report := began.Add(time.Minute)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var sent int
	for time.Since(began) < o.steady {
		select {
		case <-ctx.Done():
			return fmt.Errorf("stopped: %w", ctx.Err())
		case <-tick.C:
		}
		due := int(time.Since(began).Seconds() * float64(o.shape.rate))
		for sent < due {
			n := min(due-sent, 100)
			body, err := g.request(time.Now(), n)
			if err != nil {
				return err
			}
			if _, err := send.send(ctx, body); err != nil {
				return fmt.Errorf("send: %w", err)
			}
			sent += n
		}
		if time.Now().After(report) {
			report = report.Add(time.Minute)
			now, peak, err := memory(sv.cmd.Process.Pid)
			if err != nil {
				return err
			}
			cpu, err := cpuSeconds(sv.cmd.Process.Pid)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s: %d interactions, RSS %.0f MiB (peak %.0f), CPU %.2f cores\n",
				time.Since(began).Round(time.Second), sent, now, peak, cpu/time.Since(began).Seconds())
		}
	}
	return memoryTable(ctx, sv, w)
}

// memoryTable prints who owns how much, as felt itself says.
func memoryTable(ctx context.Context, sv *server, w io.Writer) error {
	body, err := get(ctx, "http://"+sv.info+"/metrics")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, "felt_memory_bytes") || strings.HasPrefix(line, "felt_engine_bytes") || strings.HasPrefix(line, "process_resident") {
			fmt.Fprint(w, line)
		}
	}
	return nil
}

func (s inventoryShape) inventory() string {
	var b strings.Builder
	b.WriteString("journeys:\n")
	for app := range s.apps {
		for j := range s.names / stepsPerJourney {
			fmt.Fprintf(&b, "  - name: journey %d\n    app: app-%d\n    criticality: 3\n    team: t\n    owners: [o]\n    steps:\n", j, app)
			for step := range stepsPerJourney {
				fmt.Fprintf(&b, "      - {name: step %d}\n", j*stepsPerJourney+step)
			}
		}
	}
	return b.String()
}

// visitor is one session on its way through a journey.
type visitor struct {
	id      uint64
	app     int
	step    int // of the names of the app
	last    int
	segment int
}

// crowd makes the visitors and their telemetry.
type crowd struct {
	shape  inventoryShape
	rnd    *rand.Rand
	due    [64][]visitor // by second of their next step
	second int64
	next   uint64
}

func newCrowd(s inventoryShape) *crowd {
	return &crowd{shape: s, rnd: rand.New(rand.NewPCG(1, 2))} //nolint:gosec // the same load every time
}

// visitor returns somebody whose next step is due, or somebody new.
func (c *crowd) visitor(now time.Time) visitor {
	s := now.Unix()
	c.second = max(c.second, s-int64(len(c.due))+1)
	for ; c.second <= s; c.second++ {
		slot := &c.due[c.second%int64(len(c.due))]
		if n := len(*slot); n > 0 {
			v := (*slot)[n-1]
			*slot = (*slot)[:n-1]
			return v
		}
		if c.second == s {
			break
		}
	}
	c.next++
	first := c.rnd.IntN(c.shape.names/stepsPerJourney) * stepsPerJourney
	return visitor{
		id: c.next, app: c.rnd.IntN(c.shape.apps), step: first, last: first + stepsPerJourney - 1, segment: c.rnd.IntN(c.shape.values),
	}
}

// request is n interactions, each a trace.
func (c *crowd) request(now time.Time, n int) ([]byte, error) {
	traces := ptrace.NewTraces()
	for range n {
		v := c.visitor(now)
		c.trace(traces, v, now)
		if v.step < v.last && c.rnd.IntN(20) > 0 { // one in twenty leaves
			v.step++
			at := now.Unix() + 5 + c.rnd.Int64N(int64(len(c.due))-10)
			slot := &c.due[at%int64(len(c.due))]
			*slot = append(*slot, v)
		}
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return body, nil
}

func (c *crowd) trace(traces ptrace.Traces, v visitor, now time.Time) {
	var trace pcommon.TraceID
	binary.BigEndian.PutUint64(trace[:8], c.rnd.Uint64())
	binary.BigEndian.PutUint64(trace[8:], c.rnd.Uint64())
	var root pcommon.SpanID
	binary.BigEndian.PutUint64(root[:], c.rnd.Uint64())
	span := func(namespace, service, name string, id, parent pcommon.SpanID, took time.Duration) ptrace.Span {
		rs := traces.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", service)
		if namespace != "" {
			rs.Resource().Attributes().PutStr("service.namespace", namespace)
		}
		s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		s.SetTraceID(trace)
		s.SetSpanID(id)
		s.SetParentSpanID(parent)
		s.SetName(name)
		s.SetKind(ptrace.SpanKindServer)
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-took)))
		return s
	}
	parent := root
	for i := range c.shape.spans - 1 {
		var id pcommon.SpanID
		binary.BigEndian.PutUint64(id[:], c.rnd.Uint64())
		service, op := c.rnd.IntN(c.shape.services), c.rnd.IntN(c.shape.operations)
		span("", fmt.Sprintf("service-%d", service), fmt.Sprintf("GET /operation/%d", op), id, parent, time.Duration(40-i)*time.Millisecond)
		parent = id
	}
	app := fmt.Sprintf("app-%d", v.app)
	s := span(app, app+"-web", "click", root, pcommon.SpanID{}, 50*time.Millisecond)
	a := s.Attributes()
	a.PutStr("felt.interaction.name", fmt.Sprintf("step %d", v.step))
	a.PutStr("session.id", fmt.Sprintf("session-%d", v.id))
	a.PutStr("user.id", fmt.Sprintf("user-%d", v.id%2_000_000))
	a.PutStr("felt.segment.plan", fmt.Sprintf("plan-%d", v.segment)) // a key that detectors watch
	if c.rnd.IntN(100) == 0 {
		a.PutStr("felt.interaction.outcome", "failed")
	}
}
