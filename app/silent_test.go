package app

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// steppedClock goes as the wall clock does, and further when it is told to.
type steppedClock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *steppedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *steppedClock) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// speaker is a small app: metrics every ten seconds, and one customer a minute.
type speaker struct {
	s     *server
	app   string
	trace uint64
	spoke int
}

func (a *speaker) speak(t *testing.T, now time.Time) {
	t.Helper()
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.namespace", a.app)
	rm.Resource().Attributes().PutStr("service.name", a.app+"-api")
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("process.cpu.utilization")
	p := m.SetEmptyGauge().DataPoints().AppendEmpty()
	p.SetTimestamp(pcommon.NewTimestampFromTime(now))
	p.SetDoubleValue(.1)
	body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(a.s.otlp+"/v1/metrics", "application/x-protobuf", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("metrics: %s", resp.Status)
	}
	if a.spoke++; a.spoke%6 != 0 {
		return
	}
	r := newTries()
	a.trace++
	r.add(a.trace, "pay", fmt.Sprint(a.app, a.trace), "success", now.Add(-time.Second))
	attrs := r.td.ResourceSpans().At(0).Resource().Attributes()
	attrs.PutStr("service.namespace", a.app)
	attrs.PutStr("service.name", a.app+"-api")
	a.s.send(t, r)
}

// TestAppFallsSilent: of two small apps one falls silent. Somebody is told within three minutes that its
// telemetry is missing and that what its customers do is not known; and when it is heard again, that it
// is over. The other app is no news.
func TestAppFallsSilent(t *testing.T) {
	t.Parallel()
	hook := receive(t)
	cfg := sinkConfig(t, hook.URL)
	clock := &steppedClock{}
	cfg.Now = clock.Now
	s := serveApp(t, cfg)
	s.awaitInventory(t, "sinks", inForce(1))
	shop, bank := &speaker{s: s, app: "shop"}, &speaker{s: s, app: "bank", trace: 1 << 32}
	play := func(steps int, apps ...*speaker) {
		for range steps {
			for _, a := range apps {
				a.speak(t, clock.Now())
			}
			clock.step(10 * time.Second)
			s.awaitTick(t, clock.Now().Add(-30*time.Second))
		}
	}
	play(20*6, shop, bank)
	if got := hook.got("incident."); len(got) != 0 {
		t.Fatalf("while all is well: %+v", got)
	}
	from := clock.Now()
	for len(hook.got("incident.detected")) == 0 {
		play(1, bank)
		if clock.Now().Sub(from) > 4*time.Minute {
			t.Fatal("nobody was told 4 min after the last sign of life")
		}
	}
	took := clock.Now().Sub(from)
	t.Logf("told %v after the last sign of life", took)
	if took < 100*time.Second || took > 200*time.Second {
		t.Errorf("told after %v", took)
	}
	e := hook.got("incident.detected")[0]
	if text := e.Data.Subject.Content.Description; !strings.HasPrefix(text, "Nothing is heard of shop since") || !strings.Contains(text, "so what customers of shop do is not known") {
		t.Error(text)
	}
	var list struct {
		Incidents []struct{ ID, Kind, App, Title, Status string }
	}
	await(t, "the incident", 20*time.Second, func() bool { // people are told before it is written
		s.get(t, "/api/v1/incidents?status=open", &list)
		return len(list.Incidents) > 0
	})
	if len(list.Incidents) != 1 || list.Incidents[0].Kind != "silent" || list.Incidents[0].App != "shop" || list.Incidents[0].Title != "shop is not heard of" {
		t.Fatalf("%+v", list)
	}
	id := list.Incidents[0].ID
	var one struct{ Sentence string }
	s.get(t, "/api/v1/incidents/"+id, &one) // fails when the answer is not 200
	if !strings.HasPrefix(one.Sentence, "Nothing is heard of shop") {
		t.Errorf("%+v", one)
	}
	back := clock.Now()
	for len(hook.got("incident.resolved")) == 0 {
		play(1, shop, bank)
		if clock.Now().Sub(back) > 3*time.Minute {
			t.Fatal("nobody was told that it is over 3 min after it is heard again")
		}
	}
	if text := hook.got("incident.resolved")[0].Data.Subject.Content.Description; !strings.HasPrefix(text, "All clear: nothing was heard of shop between") ||
		!strings.Contains(text, "what customers of shop did is not known") {
		t.Error(text)
	}
	play(30, shop, bank)
	if got := hook.got("incident.detected"); len(got) != 1 {
		t.Errorf("told %d times", len(got))
	}
}
