package app

import (
	"fmt"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// TestFirstSpans: what is sent as soon as the server answers is judged by the inventory it was
// started with, also when another one ruled before.
func TestFirstSpans(t *testing.T) {
	t.Parallel()
	cfg := inventoryConfig(t, "journeys: [{name: other, app: shop}]\n")
	serveApp(t, cfg).stop()
	writeFiles(t, cfg.ConfigDir, map[string]string{"shop.yaml": checkoutInventory})
	s := serveApp(t, cfg)
	var in inventoryAnswer
	if s.get(t, "/api/v1/inventory", &in); in.Version != 2 || !in.Newest || len(in.Journeys) != 1 || in.Journeys[0].Name != "checkout" {
		t.Errorf("ready with %+v", in)
	}
	from := time.Now()
	td := ptrace.NewTraces()
	for c := range 5 {
		plain(td, uint64(c+1), "POST /pay", true, time.Now(), map[string]string{"session.id": fmt.Sprint("s", c)})
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	if code := s.post(body); code != 200 {
		t.Fatal(code)
	}
	if im := s.impactOf(t, "shop/pay", from, time.Now()); im.Interactions.Failed != 5 {
		t.Errorf("%+v", im)
	}
}
