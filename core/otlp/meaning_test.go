package otlp_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

func TestIdentities(t *testing.T) {
	levels := map[string]func(otlp.IDs) felt.Hash{
		otlp.LevelUser:         func(i otlp.IDs) felt.Hash { return i.User },
		otlp.LevelPseudonym:    func(i otlp.IDs) felt.Hash { return i.Pseudonym },
		otlp.LevelInstallation: func(i otlp.IDs) felt.Hash { return i.Installation },
		otlp.LevelSession:      func(i otlp.IDs) felt.Hash { return i.Session },
		otlp.LevelAccount:      func(i otlp.IDs) felt.Hash { return i.Account },
	}
	for _, c := range []struct {
		key, level string
	}{
		{"user.id", otlp.LevelUser},
		{"enduser.id", otlp.LevelUser},
		{"usr.id", otlp.LevelUser},
		{"user_id", otlp.LevelUser},
		{"sentry.user.id", otlp.LevelUser},
		{"user.hash", otlp.LevelPseudonym},
		{"enduser.pseudo.id", otlp.LevelPseudonym},
		{"usr.anonymous_id", otlp.LevelPseudonym},
		{"user.anonymousId", otlp.LevelPseudonym},
		{"app.installation.id", otlp.LevelInstallation},
		{"session.id", otlp.LevelSession},
		{"splunk.rumSessionId", otlp.LevelSession},
		{"session_id", otlp.LevelSession},
		{"felt.account", otlp.LevelAccount},
		{"account.id", otlp.LevelAccount},
	} {
		const raw = "customer-4711-of-nobody"
		want := otlp.Hash(testKey, c.level, "staging", raw)
		for where, body := range map[string][]byte{
			"span":     oneSpan(t, attributes{"deployment.environment.name": "staging"}, attributes{c.key: raw}),
			"resource": oneSpan(t, attributes{"deployment.environment.name": "staging", c.key: raw}, nil),
			"env":      oneSpan(t, nil, attributes{"deployment.environment": "staging", c.key: raw}),
		} {
			_, list, recs := pack(t, testPacker(), body)
			for level, of := range levels {
				if got := of(list[0].Event.IDs); level == c.level && got != want || level != c.level && !got.IsZero() {
					t.Errorf("%s on the %s: %s is %v, want %v of level %s", c.key, where, level, got, want, c.level)
				}
			}
			if bytes.Contains(recs[0].Data, []byte(raw)) {
				t.Errorf("%s on the %s: the raw value is in the block", c.key, where)
			}
			if _, kept := list[0].Attributes[c.key]; kept {
				t.Errorf("%s is kept", c.key)
			}
		}
	}
}

func TestIdentityRules(t *testing.T) {
	hash := func(v string) felt.Hash { return otlp.Hash(testKey, otlp.LevelUser, "production", v) }
	for name, c := range map[string]struct {
		resource, span attributes
		want           felt.Hash
	}{
		"number":             {nil, attributes{"user.id": 42}, hash("42")},
		"standard name wins": {nil, attributes{"enduser.id": "b", "user.id": "a", "user_id": "c"}, hash("a")},
		"span wins":          {attributes{"user.id": "a"}, attributes{"enduser.id": "b"}, hash("b")},
		"empty is nobody":    {nil, attributes{"user.id": ""}, felt.Hash{}},
		"empty falls back":   {attributes{"user.id": "a"}, attributes{"user.id": ""}, hash("a")},
		"a list is nobody":   {nil, attributes{"user.id": []any{"a"}}, felt.Hash{}},
	} {
		if got := event(t, c.resource, c.span).Event.IDs.User; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if otlp.Hash(testKey, "user", "a", "b") == otlp.Hash(testKey, "session", "a", "b") ||
		otlp.Hash(testKey, "user", "a", "b") == otlp.Hash(testKey, "user", "b", "b") ||
		otlp.Hash(testKey, "user", "a", "b") == otlp.Hash(otlp.HashKey{Secret: []byte("x")}, "user", "a", "b") {
		t.Error("the hash does not depend on level, environment and key")
	}
	if got := otlp.Hash(otlp.HashKey{Secret: []byte("k")}, "user", "production", "42").String(); got != "c66bf4321729867b576e03525fb5ec9c" {
		t.Errorf("hash %s: identities hashed by older builds would be lost", got)
	}
}

func TestFields(t *testing.T) {
	type fields = map[otlp.Field]string
	for name, c := range map[string]struct {
		resource, span attributes
		want           fields
	}{
		"interaction": {nil, attributes{
			"felt.interaction.name": "pay", "felt.interaction.outcome": "failed", "felt.interaction.reason": "r", "felt.interaction.key": 17,
			"felt.interaction.currency": "EUR", "felt.journey.name": "checkout", "felt.journey.step": "3", "felt.journey.instance.id": "i",
		}, fields{
			otlp.FieldInteraction: "pay", otlp.FieldOutcome: "failed", otlp.FieldReason: "r", otlp.FieldKey: "17", otlp.FieldCurrency: "EUR",
			otlp.FieldJourney: "checkout", otlp.FieldStep: "3", otlp.FieldInstance: "i",
		}},
		"service": {
			attributes{"service.name": "s", "service.namespace": "n", "service.version": "1", "deployment.environment.name": "e"},
			nil,
			fields{otlp.FieldService: "s", otlp.FieldNamespace: "n", otlp.FieldRelease: "1", otlp.FieldEnv: "e"},
		},
		"span over resource": {
			attributes{"service.version": "1", "deployment.environment": "e"},
			attributes{"service.version": "2"},
			fields{otlp.FieldRelease: "2", otlp.FieldEnv: "e"},
		},
		"new name over old":    {attributes{"deployment.environment": "old", "deployment.environment.name": "new"}, nil, fields{otlp.FieldEnv: "new"}},
		"empty falls back":     {attributes{"service.version": "1"}, attributes{"service.version": ""}, fields{otlp.FieldRelease: "1"}},
		"Faro":                 {attributes{"app_name": "shop", "app_version": "2", "app_environment": "qa"}, nil, fields{otlp.FieldService: "shop", otlp.FieldRelease: "2", otlp.FieldEnv: "qa"}},
		"Splunk":               {attributes{"app.version": "2"}, nil, fields{otlp.FieldRelease: "2"}},
		"Sentry":               {nil, attributes{"sentry.release": "2", "sentry.environment": "qa"}, fields{otlp.FieldRelease: "2", otlp.FieldEnv: "qa"}},
		"error":                {nil, attributes{"exception.type": "E", "error.type": 504}, fields{otlp.FieldErrorType: "504"}},
		"peer":                 {nil, attributes{"db.system.name": "postgresql", "server.address": "db", "net.peer.name": "x"}, fields{otlp.FieldPeer: "db"}},
		"peer by service":      {nil, attributes{"server.address": "db", "peer.service": "orders"}, fields{otlp.FieldPeer: "orders"}},
		"old peer":             {nil, attributes{"net.peer.name": "x"}, fields{otlp.FieldPeer: "x"}},
		"platform and region":  {attributes{"os.type": "linux", "cloud.region": "eu-1"}, attributes{"browser.platform": "macOS"}, fields{otlp.FieldPlatform: "macOS", otlp.FieldRegion: "eu-1"}},
		"customer over server": {nil, attributes{"cloud.region": "eu-1", "geo.region.iso_code": "DE-BY"}, fields{otlp.FieldRegion: "DE-BY"}},
	} {
		got := event(t, c.resource, c.span).Fields
		if _, ok := c.want[otlp.FieldEnv]; !ok {
			c.want[otlp.FieldEnv] = "production"
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestNumbers(t *testing.T) {
	for name, c := range map[string]struct {
		span attributes
		want func(*otlp.Event)
	}{
		"minor units":         {attributes{"felt.interaction.value_minor": 1250}, func(e *otlp.Event) { e.Value = 1250 }},
		"minor as text":       {attributes{"felt.interaction.value_minor": "1250"}, func(e *otlp.Event) { e.Value = 1250 }},
		"integer is minor":    {attributes{"felt.interaction.value": 1250}, func(e *otlp.Event) { e.Value = 1250 }},
		"double is major":     {attributes{"felt.interaction.value": 12.5}, func(e *otlp.Event) { e.Value = 1250 }},
		"text is major":       {attributes{"felt.interaction.value": "12.345"}, func(e *otlp.Event) { e.Value = 1235 }},
		"integer text":        {attributes{"felt.interaction.value": "1250"}, func(e *otlp.Event) { e.Value = 1250 }},
		"refund":              {attributes{"felt.interaction.value": -12.5}, func(e *otlp.Event) { e.Value = -1250 }},
		"negative":            {attributes{"felt.interaction.value": -1250}, func(e *otlp.Event) { e.Value = -1250 }},
		"minor wins":          {attributes{"felt.interaction.value": 1.0, "felt.interaction.value_minor": 7}, func(e *otlp.Event) { e.Value = 7 }},
		"not a number":        {attributes{"felt.interaction.value": "free"}, func(*otlp.Event) {}},
		"NaN":                 {attributes{"felt.interaction.value": math.NaN()}, func(*otlp.Event) {}},
		"endless":             {attributes{"felt.interaction.value": math.Inf(1)}, func(e *otlp.Event) { e.Value = 9e18 }},
		"visible":             {attributes{"felt.interaction.visible_ms": 12.5}, func(e *otlp.Event) { e.Visible = 12_500_000 }},
		"retries":             {attributes{"felt.interaction.retries": 2}, func(e *otlp.Event) { e.Retries = 2 }},
		"negative retries":    {attributes{"felt.interaction.retries": -2}, func(*otlp.Event) {}},
		"status":              {attributes{"http.response.status_code": 504}, func(e *otlp.Event) { e.HTTPCode = 504 }},
		"old status":          {attributes{"http.status_code": "404"}, func(e *otlp.Event) { e.HTTPCode = 404 }},
		"new status wins":     {attributes{"http.status_code": 404, "http.response.status_code": 504}, func(e *otlp.Event) { e.HTTPCode = 504 }},
		"no status":           {attributes{"http.response.status_code": 0}, func(*otlp.Event) {}},
		"bot":                 {attributes{"user_agent.synthetic.type": "bot"}, func(e *otlp.Event) { e.Traffic = felt.TrafficBot }},
		"test":                {attributes{"felt.traffic": "test"}, func(e *otlp.Event) { e.Traffic = felt.TrafficTest }},
		"unknown traffic":     {attributes{"felt.traffic": "other"}, func(*otlp.Event) {}},
		"a boolean is no sum": {attributes{"felt.interaction.value": true}, func(*otlp.Event) {}},
	} {
		want := otlp.Event{}
		c.want(&want)
		got := event(t, nil, c.span).Event
		if got.Value != want.Value || got.Visible != want.Visible || got.Retries != want.Retries || got.HTTPCode != want.HTTPCode || got.Traffic != want.Traffic {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if got := event(t, attributes{"user_agent.synthetic.type": "test"}, nil).Event.Traffic; got != felt.TrafficTest {
		t.Errorf("traffic of the resource: %v", got)
	}
}

// TestOneMeaningOneKey: which of two names wins does not depend on which comes first.
func TestOneMeaningOneKey(t *testing.T) {
	for _, minorFirst := range []bool{true, false} {
		got := event(t, nil, nil, func(s ptrace.Span) {
			if minorFirst {
				s.Attributes().PutInt("felt.interaction.value_minor", 7)
			}
			s.Attributes().PutStr("felt.interaction.value", "1.0")
			if !minorFirst {
				s.Attributes().PutInt("felt.interaction.value_minor", 7)
			}
		})
		if got.Event.Value != 7 || len(got.Attributes) != 2 {
			t.Errorf("value %d, attributes %v", got.Event.Value, got.Attributes)
		}
		got = event(t, nil, nil, func(s ptrace.Span) {
			names := []string{"user.id", "enduser.id", "user_id"}
			if minorFirst {
				slices.Reverse(names)
			}
			for _, n := range names {
				s.Attributes().PutStr(n, n)
			}
		})
		if got.Event.IDs.User != otlp.Hash(testKey, otlp.LevelUser, "production", "user.id") {
			t.Error("another name than user.id won")
		}
	}
}

func TestSegments(t *testing.T) {
	type segments = map[string]string
	for name, c := range map[string]struct {
		resource, span attributes
		want           segments
	}{
		"span":                    {nil, attributes{"felt.segment.Plan": "pro", "felt.segment.n": 3}, segments{"plan": "pro", "n": "3"}},
		"span over resource":      {attributes{"felt.segment.plan": "a", "felt.segment.x": "1"}, attributes{"felt.segment.plan": "b"}, segments{"plan": "b", "x": "1"}},
		"from standard ones":      {attributes{"cloud.region": "eu", "os.name": "iOS"}, attributes{"device.type": "phone", "user.plan": "pro"}, segments{"region": "eu", "platform": "iOS", "device": "phone", "plan": "pro"}},
		"explicit over standard":  {attributes{"felt.segment.region": "south"}, attributes{"cloud.region": "eu"}, segments{"region": "south"}},
		"explicit over resource":  {attributes{"cloud.region": "eu", "felt.segment.plan": "a"}, attributes{"felt.segment.region": "south"}, segments{"region": "south", "plan": "a"}},
		"span's standard":         {attributes{"cloud.region": "eu"}, attributes{"geo.region": "south"}, segments{"region": "south"}},
		"empty":                   {nil, attributes{"felt.segment.plan": "", "felt.segment.": "x"}, segments{}},
		"long values are cut":     {nil, attributes{"felt.segment.x": string(bytes.Repeat([]byte("é"), 100))}, segments{"x": string(bytes.Repeat([]byte("é"), 64))}},
		"long keys are not":       {nil, attributes{"felt.segment." + string(bytes.Repeat([]byte("x"), 65)): "1"}, segments{}},
		"addresses are not there": {nil, attributes{"felt.segment.x": "bob@example.com"}, segments{"x": "[email]"}},
	} {
		if d := cmp.Diff(c.want, event(t, c.resource, c.span).Segments); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	many := attributes{}
	for i := range 30 {
		many["felt.segment."+string(rune('a'+i))] = "x"
	}
	if got := event(t, nil, many).Segments; len(got) != 16 {
		t.Errorf("%d segments", len(got))
	}
}

func TestFlagsAndErrorsOfSpanEvents(t *testing.T) {
	ev := event(t, nil, attributes{"feature_flag.key": "a", "feature_flag.variant": "on"}, func(s ptrace.Span) {
		for _, flag := range []string{"b", "c"} {
			e := s.Events().AppendEmpty()
			e.SetName("feature_flag.evaluation")
			e.Attributes().PutStr("feature_flag.key", flag)
			e.Attributes().PutStr("feature_flag.result.variant", flag+"1")
		}
		e := s.Events().AppendEmpty()
		e.SetName("exception")
		e.Attributes().PutStr("exception.type", "Boom")
	})
	if d := cmp.Diff(map[string]string{"a": "on", "b": "b1", "c": "c1"}, ev.Flags); d != "" {
		t.Error(d)
	}
	if ev.Fields[otlp.FieldErrorType] != "Boom" {
		t.Errorf("error type %q", ev.Fields[otlp.FieldErrorType])
	}
	ev = event(t, nil, attributes{"error.type": "mine"}, func(s ptrace.Span) {
		s.Events().AppendEmpty().Attributes().PutStr("exception.type", "Boom")
	})
	if ev.Fields[otlp.FieldErrorType] != "mine" {
		t.Errorf("error type %q, want the span's own", ev.Fields[otlp.FieldErrorType])
	}
}

func TestWeight(t *testing.T) {
	for state, want := range map[string]float64{
		"": 1, "ot=th:0": 1, "ot=th:8": 2, "ot=th:c": 4, "ot=th:fd70a3d70a3d71": 100.00000000000071, "ot=rv:00000000000001;th:8": 1,
		"ot=th:8;rv:80000000000000": 2, "ot=rv:ffffffffffffff;th:c": 4, "ot=th:c;rv:bfffffffffffff": 1, "ot=rv:00000000000000;th:0": 1,
		"ot=th:8;rv:1": 2, "ot=th:8;rv:xyz": 2, "ot=th:8;rv:": 2, "ot=;th:8;;": 2, "ot=rv:00000000000000": 1,
		"a=b , ot=th:8": 2, "ot=th:": 1, "ot=th:8x": 1, "ot=th:ABC": 1, "ot=th:123456789012345": 1, "x=th:8": 1, "ot=p:8": 1,
		"ot=th:ffffffffffffff": otlp.MaxWeight, "ot=th:fffff": otlp.MaxWeight, "ot=th:ffff": 1 << 16, "ot=xth:8": 1, "ot=th:8 ": 2,
	} {
		if got := event(t, nil, nil, func(s ptrace.Span) { s.TraceState().FromRaw(state) }).Event.Weight; math.Abs(got-want) > want*1e-9 {
			t.Errorf("tracestate %q weighs %v, want %v", state, got, want)
		}
	}
}

func TestLogNamesAndPartitions(t *testing.T) {
	p := testPacker()
	parts := map[felt.Part]bool{}
	for i := range 40 {
		session := string(rune('a'+i%26)) + string(rune('a'+i/26))
		var at [2]felt.Part
		for k := range at {
			if _, err := p.Logs(oneLog(t, attributes{"service.name": session}, attributes{"session.id": "s", "event.name": "felt.old"}), now); err != nil {
				t.Fatal(err)
			}
			list := readAll(t, p.Take(nil))
			at[k] = list[0].Part
			if list[0].Name != "felt.old" {
				t.Fatalf("name %q", list[0].Name)
			}
		}
		if at[0] != at[1] {
			t.Fatal("one session in two partitions")
		}
		if _, err := p.Logs(oneLog(t, nil, attributes{"session.id": session}), now); err != nil {
			t.Fatal(err)
		}
		parts[readAll(t, p.Take(nil))[0].Part] = true
	}
	if len(parts) != 4 {
		t.Errorf("sessions in %d partitions of 4", len(parts))
	}
	rep, err := p.Logs(oneLog(t, nil, nil, func(l plog.LogRecord) { l.SetTimestamp(0); l.SetSpanID(pcommon.SpanID{1}) }), now)
	if err != nil || rep.Logs != 1 {
		t.Fatalf("%+v %v", rep, err)
	}
	got := readAll(t, p.Take(nil))[0].Event
	if got.Start != now || !got.Span.IsZero() || !got.Trace.IsZero() {
		t.Errorf("%+v", got)
	}
}

// TestVendorWords: other vendors' names of interactions count where they mean one, and
// nowhere else; felt's own go before.
func TestVendorWords(t *testing.T) {
	type want struct {
		name, reason, key string
		outcome           felt.Outcome
		failed            bool
	}
	for name, c := range map[string]struct {
		resource, span attributes
		status         ptrace.StatusCode
		want           want
	}{
		"Splunk":                    {span: attributes{"workflow.name": "pay", "splunk.rumSessionId": "s"}, want: want{name: "pay"}},
		"the session of a resource": {resource: attributes{"session.id": "s"}, span: attributes{"workflow.name": "pay"}, want: want{name: "pay"}},
		"a job":                     {span: attributes{"workflow.name": "nightly"}},
		"a job of a resource":       {resource: attributes{"workflow.name": "nightly", "session.id": "s"}},
		"Faro":                      {span: attributes{"userActionName": "pay", "session_id": "s"}, want: want{name: "pay"}},
		"felt first":                {span: attributes{"workflow.name": "a", "session.id": "s", "felt.interaction.name": "b"}, want: want{name: "b"}},
		"Datadog":                   {span: attributes{"vital.name": "pay", "vital.step_type": "end", "vital.operation_key": "k"}, want: want{name: "pay", key: "k", outcome: felt.OutcomeSuccess}},
		"Datadog, failed":           {span: attributes{"vital.name": "pay", "vital.step_type": "end", "vital.failure_reason": "other"}, want: want{name: "pay", reason: "other", outcome: felt.OutcomeFailed}},
		"Datadog, abandoned":        {span: attributes{"vital.name": "pay", "vital.step_type": "end", "vital.failure_reason": "abandoned"}, want: want{name: "pay", reason: "abandoned", outcome: felt.OutcomeAbandoned}},
		"Datadog, started":          {span: attributes{"vital.name": "pay", "vital.step_type": "start", "session.id": "s"}},
		"Datadog, another vital":    {span: attributes{"vital.name": "paint", "session.id": "s"}},
		"Elastic":                   {span: attributes{"event.outcome": "failure"}, want: want{failed: true}},
		"Elastic, success":          {span: attributes{"event.outcome": "success", "error": true}},
		"Elastic, under a status":   {span: attributes{"event.outcome": "failure"}, status: ptrace.StatusCodeOk},
		"an error flag":             {span: attributes{"error": true}, want: want{failed: true}},
		"an error flag as text":     {span: attributes{"error": "true"}, want: want{failed: true}},
		"an error's text":           {span: attributes{"error": "no route"}},
		"no error":                  {span: attributes{"error": false}},
	} {
		s := event(t, c.resource, c.span, func(s ptrace.Span) { s.Status().SetCode(c.status) })
		got := want{
			s.Fields[otlp.FieldInteraction], s.Fields[otlp.FieldReason], s.Fields[otlp.FieldKey], s.Event.Outcome, s.Event.Failed,
		}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
