package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/felt-cx/felt/app"
)

// receiverCommand: receiver NAME starts a webhook's other end, and puts its address, which nobody must
// see, into a variable of this process. It takes tests, and refuses everything else.
func receiverCommand(ts *testscript.TestScript, _ bool, args []string) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e struct{ Type string }
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil || e.Type != "cx.felt.test" {
			w.WriteHeader(http.StatusGone)
		}
	}))
	ts.Defer(srv.Close)
	ts.Check(os.Setenv(args[0], srv.URL+"/secret-path"))
}

// serverCommand: server NAME CONFIG starts a server with an inventory, and tells its address.
func serverCommand(ts *testscript.TestScript, _ bool, args []string) {
	a, err := app.New(context.Background(), app.Config{
		Data: filepath.Join(ts.MkAbs("."), "data"), ConfigDir: ts.MkAbs(args[1]), Listen: "127.0.0.1:0", OTLPGRPC: app.Off, OTLPHTTP: app.Off,
	})
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, nil) }()
	ts.Defer(func() {
		cancel()
		ts.Check(<-ended)
		ts.Check(a.Close())
	})
	at := "http://" + a.Addr()
	ts.Setenv(args[0], at)
	scriptAwait(ts, "the sinks", func() bool { return strings.Contains(scriptGet(ts, at+"/api/v1/sinks"), `"team"`) })
}

// declareCommand: declare URL has a server declare an incident, and waits until nobody will be told of it.
func declareCommand(ts *testscript.TestScript, _ bool, args []string) {
	res, err := http.Post(args[0]+"/api/v1/incidents", "application/json", strings.NewReader(`{"title":"nobody can pay"}`))
	ts.Check(err)
	ts.Check(res.Body.Close())
	if res.StatusCode/100 != 2 {
		ts.Fatalf("declare: %s", res.Status)
	}
	scriptAwait(ts, "a dead notification", func() bool {
		return strings.Contains(scriptGet(ts, args[0]+"/api/v1/notifications?state=dead"), "nobody can pay")
	})
}

func scriptGet(ts *testscript.TestScript, url string) string {
	res, err := http.Get(url) //nolint:gosec,noctx // of this test's own server
	ts.Check(err)
	var v json.RawMessage
	err = json.NewDecoder(res.Body).Decode(&v)
	ts.Check(res.Body.Close())
	ts.Check(err)
	return string(v)
}

func scriptAwait(ts *testscript.TestScript, what string, holds func() bool) {
	for deadline := time.Now().Add(30 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			ts.Fatalf("%s: not within 30 s", what)
		}
		time.Sleep(20 * time.Millisecond) // between two looks
	}
}
