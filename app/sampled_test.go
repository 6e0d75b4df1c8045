package app

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/keys"
)

// sampledPages are customers with three sessions each, of five tries each, whose pages keep one session in
// five: sampleRate .2 of the browser SDK. Tries are requests of a page, as it sends them: four spans, and a
// log record of the fifth, whose tab was closed. Every second customer fails twice in each session.
type sampledPages struct {
	rand   *rand.Rand
	traces int
	kept   int
	spans  []string
	logs   []string
}

const (
	sampledCustomers = 2000
	sampledSessions  = 3
	sampledThreshold = "ccccccc" // of .2
)

func (p *sampledPages) session(customer int, at time.Time) {
	id := fmt.Sprintf("%016x%016x", p.rand.Uint64(), p.rand.Uint64())
	rv := id[len(id)-14:]
	p.traces += 5
	if rv < sampledThreshold {
		return
	}
	p.kept++
	state := "ot=th:" + sampledThreshold + ";rv:" + rv
	who := attrs("session.id="+id, fmt.Sprintf("app.installation.id=%032x", customer))
	for i := range 5 {
		trace, ns := p.traces-i, at.UnixNano()
		if i == 4 {
			p.logs = append(p.logs, fmt.Sprintf(`{"traceId":"%032x","spanId":"%016x","timeUnixNano":"%d","severityNumber":9,"eventName":"felt.interaction.pending",
			 "attributes":[%s,%s]}`, trace, trace, ns, who, attrs("felt.interaction.name=pay", "felt.tracestate="+state)))
			continue
		}
		outcome := "success"
		if i < 2 && customer%2 == 0 {
			outcome = "failed"
		}
		p.spans = append(p.spans, fmt.Sprintf(`{"traceId":"%032x","spanId":"%016x","traceState":"%s","name":"pay","kind":1,"startTimeUnixNano":"%d","endTimeUnixNano":"%d",
		 "attributes":[%s,%s]}`, trace, trace, state, ns, ns, who, attrs("felt.interaction.name=pay", "felt.interaction.outcome="+outcome)))
	}
}

// TestSampledSessions: pages that keep one session in five, from the door to the API: customers are
// estimated, and the true number is inside of the interval.
func TestSampledSessions(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for tabs that are closed")
	}
	key, entry, err := keys.New("shop-web", nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t.TempDir())
	cfg.IngestKeys = filepath.Join(t.TempDir(), "keys.yaml")
	if err := os.WriteFile(cfg.IngestKeys, []byte(entry), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Settings.PendingAfter = felt.Second
	s := serveApp(t, cfg)
	began := time.Now().Truncate(time.Millisecond)
	all := sampledPages{rand: rand.New(rand.NewPCG(7, 7))}
	for customer := range sampledCustomers {
		for range sampledSessions {
			all.session(customer, began)
		}
	}
	p := &page{s: s, key: key, origin: "https://shop.example", app: "shop"}
	for path, c := range map[string]struct {
		list         []string
		kind, record string
	}{"/v1/traces": {all.spans, "Spans", "spans"}, "/v1/logs": {all.logs, "Logs", "logRecords"}} {
		for from := 0; from < len(c.list); from += 500 {
			body := fmt.Sprintf(`{"resource%s":[{"resource":%s,"scope%s":[{"%s":[%s]}]}]}`, c.kind, p.resource(), c.kind, c.record,
				strings.Join(c.list[from:min(from+500, len(c.list))], ","))
			if code, answer, _ := p.post(t, path, body); code != 200 || answer != "{}" {
				t.Fatalf("%s: %d %s", path, code, answer)
			}
		}
	}
	type estimate struct{ Estimate, Low, High int64 }
	var im struct {
		Method       string
		Sampled      bool
		Customers    struct{ Total, Failed int64 }
		Interactions struct{ Success, Failed, Abandoned int64 }
		Estimated    struct{ Total, Failed estimate }
		Adjusted     struct{ Success, Failed, Abandoned float64 }
	}
	deadline := time.Now().Add(40 * time.Second)
	for im.Interactions.Success+im.Interactions.Failed+im.Interactions.Abandoned < int64(5*all.kept) {
		if time.Now().After(deadline) {
			t.Fatalf("%d sessions kept, %+v", all.kept, im)
		}
		time.Sleep(50 * time.Millisecond) // between two looks
		s.get(t, "/api/v1/impact?of=pay&"+window(began.Add(-time.Minute), began.Add(time.Minute)), &im)
	}
	inside := func(what string, e estimate, seen, truth int64) {
		t.Helper()
		t.Logf("%s: %d seen, estimated %d (%d to %d) of %d", what, seen, e.Estimate, e.Low, e.High, truth)
		if e.Low > truth || e.High < truth || seen > truth*11/20 || e.High-e.Low > truth/3 {
			t.Errorf("%s: %d seen, estimated %+v; they are %d", what, seen, e, truth)
		}
	}
	inside("customers", im.Estimated.Total, im.Customers.Total, sampledCustomers)
	inside("failed", im.Estimated.Failed, im.Customers.Failed, sampledCustomers/2)
	if !im.Sampled || im.Method != "lower_bound" || im.Interactions.Abandoned != int64(all.kept) {
		t.Errorf("%+v", im)
	}
	if sum := im.Adjusted.Success + im.Adjusted.Failed + im.Adjusted.Abandoned; sum < 28000 || sum > 32000 {
		t.Errorf("%v tries, there were 30,000: %+v", sum, im.Adjusted)
	}
}
