package business_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/felt-cx/felt/core/business"
	"github.com/felt-cx/felt/core/otlp"
)

func TestCSV(t *testing.T) {
	user := otlp.Hash(key, otlp.LevelUser, "production", "4711")
	for _, c := range []struct {
		name string
		kind business.Kind
		body string
		want string // rows
	}{
		{"any case and order, unknown columns", business.Events, "Time,Colour,KIND,Customer,Amount,Currency\n2026-05-04T10:00:00Z,red,Order,4711,12.50,eur\n", "order " + user.String() + " 1250EUR;"},
		{"byte order mark, CRLF, semicolons", business.Events, "\xef\xbb\xbfkind;time;customer\r\nchurned;1777888000;4711\r\n", "churned " + user.String() + " 0;"},
		{"milliseconds, quotes, several lines", business.Events, "kind,time,customer,category\nticket,1777888000000,4711,\"a \"\"b\"\"\nc\"\n,,,\n", "ticket " + user.String() + " 0;"},
		{"facts", business.Facts, "customer,key,value,valid_from\n4711,plan,pro,2026-01-01\n 4711 ,segment,,2026-01-01\n", user.String() + " plan=pro;" + user.String() + " segment=;"},
		{"changes", business.Changes, "kind,started,services,expects_kpi,expects_direction\ndeploy,2026-05-04T10:00:00Z,a|b; c,conversion,UP\n", "deploy [a b c] conversion up;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := business.CSV(options(), c.kind, []byte(c.body), 0)
			if err != nil || len(r.Problems) > 0 {
				t.Fatal(err, r.Problems)
			}
			got := ""
			for _, e := range r.Business.Events {
				got += fmt.Sprint(e.Kind, " ", e.Customer, " ", e.AmountMinor, e.Currency, ";")
			}
			for _, f := range r.Business.Facts {
				got += fmt.Sprint(f.Customer, " ", f.Key, "=", f.Value, ";")
			}
			for _, x := range r.Business.Changes {
				got += fmt.Sprint(x.Kind, " ", x.Services, " ", x.ExpectsKPI, " ", x.ExpectsDirection, ";")
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestCSVProblems(t *testing.T) {
	body := "kind,time,customer,amount,currency\n" + // 1
		"order,2026-05-04T10:00:00Z,ann@example.com,1.50,EUR\n" + // 2: fine
		"order,soon,4711,1.50,EUR\n" + // 3
		"order,2026-05-04T10:00:00Z,4711,ann@example.com,EUR\n" + // 4
		"order,2026-05-04T10:00:00Z,4711\n" + // 5
		"ordr,,4711,,\n" + // 6: two problems
		"order,2026-05-04T10:00:00Z,a\"b,1,EUR\n" + // 7
		"\"order\n\",2026-05-04T10:00:00Z,4711,1.5,EUR\n" + // 8, 9: fine
		"churned,2026-05-04T10:00:00Z,,,\n" // 10
	want := []string{
		"3:7: time: want a time", "4:33: amount: want a plain decimal", "5:1: 3 fields, the header has 5 columns",
		"6:1: kind: want one of order", "6:6: time: is needed", `7:29: has a " in a field`, "10:30: customer: is needed",
	}
	for _, first := range []int{0, 2, 1002} {
		r, err := business.CSV(options(), business.Events, []byte(body), first)
		if err != nil {
			t.Fatal(err)
		}
		if r.Accepted != 2 || r.Rejected != 6 {
			t.Errorf("%d accepted, %d rejected", r.Accepted, r.Rejected)
		}
		for _, w := range want {
			if first == 1002 {
				line, rest, _ := strings.Cut(w, ":")
				n := 0
				_, _ = fmt.Sscan(line, &n)
				w = fmt.Sprint(n+1000, ":", rest)
			}
			found := false
			for _, p := range r.Problems {
				found = found || strings.HasPrefix(p.String(), w)
				if strings.Contains(p.String(), "ann@") {
					t.Errorf("problem %q repeats a value", p)
				}
			}
			if !found {
				t.Errorf("no problem %q in %q", w, r.Problems)
			}
		}
	}
	o := options()
	o.Limits.Problems = 2
	if r, _ := business.CSV(o, business.Events, []byte(body), 0); len(r.Problems) != 2 || r.More != 5 {
		t.Errorf("%d problems and %d more, want 2 and 5", len(r.Problems), r.More)
	}
}

func TestCSVHeaders(t *testing.T) {
	for _, c := range []struct {
		kind       business.Kind
		body, want string
	}{
		{business.Events, "", "1:1: is empty"},
		{business.Events, "kind,customer\n", "1:1: column time is missing; events have kind, time"},
		{business.Facts, "key,value,valid_from\n", "column customer or user.id"},
		{business.Events, "kind,time,Kind\n", "1:11: column kind is there twice"},
		{business.Events, "kind,\"time\n", "1:"},
		{business.Events, strings.Repeat(",", 1<<20), "more than 1024 columns"},
		{"orders", "kind,time\n", "want changes, events or facts"},
	} {
		if _, err := business.CSV(options(), c.kind, []byte(c.body), 0); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q", c.body, err, c.want)
		}
	}
	if r, err := business.CSV(options(), business.Events, []byte("kind,time,Note,x\n"), 0); err != nil || fmt.Sprint(r.Columns) != "[Note x]" {
		t.Errorf("columns without a meaning: %v, %v", r.Columns, err)
	}
}

// TestCSVTwice: rows have the same ids each time, whatever the order of columns; rows
// with an id have it whatever else they say.
func TestCSVTwice(t *testing.T) {
	ids := func(body string) string {
		r, err := business.CSV(options(), business.Events, []byte(body), 0)
		if err != nil || len(r.Problems) > 0 {
			t.Fatal(err, r.Problems)
		}
		s := ""
		for _, e := range r.Business.Events {
			s += e.ID + " "
		}
		return s
	}
	a := ids("kind,time,customer\norder,1777888000,a\norder,1777888001,a\n")
	if b := ids("x,customer,time,kind\n1,a,1777888000,order\n2, a,1777888001,order\n"); a != b {
		t.Errorf("ids %q, with other columns %q", a, b)
	}
	if f := strings.Fields(a); f[0] == f[1] {
		t.Error("two rows have one id")
	}
	if a, b := ids("kind,time,id\norder,1777888000,o-1\n"), ids("kind,time,id\norder,1777888009,o-1\n"); a != b {
		t.Errorf("order o-1 has ids %q and %q", a, b)
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"kind,time,customer\norder,1777888000,a\n", "\xef\xbb\xbfkind;time\n\"a\nb\";1\n", "key,value,valid_from,account\nplan,pro,2026-01-01,x\n",
		"kind,started,services\ndeploy,2026-05-04T10:00:00Z,a b\n", "\"", "kind,time\n\"a\n", "kind,time\r\r\norder,1\x00\n",
	} {
		f.Add([]byte(s), 0)
	}
	f.Fuzz(func(t *testing.T, body []byte, first int) {
		for _, k := range []business.Kind{business.Changes, business.Events, business.Facts} {
			r, err := business.CSV(options(), k, body, first)
			check(t, r, err)
		}
	})
}

func FuzzCloudEvents(f *testing.F) {
	for _, s := range []string{
		event("felt.fact", "1", `{"customer":"a","facts":{"plan":"pro"}}`), event("felt.change.deploy", "1", `{"services":["a"],"expects":{"kpi":"x"}}`),
		"[" + event("dev.cdevents.service.deployed.0.2.0", "1", `{"subject":{"id":"a/b","content":{"artifactId":"pkg:x@%zz"}}}`) + "]",
		event("felt.business.order", "1", `{"amount":12.5,"currency":"EUR"}`), `[[[`, `{"specversion":"1.0"`, `{"data_base64":"e30="}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := business.Structured(options(), body)
		check(t, r, err)
		r, err = business.Batch(options(), body)
		check(t, r, err)
		r, err = business.Binary(options(), func(string) string { return "1.0" }, "", body)
		check(t, r, err)
	})
}

// check is what must hold whatever was sent.
func check(t *testing.T, r business.Result, err error) {
	t.Helper()
	rows := len(r.Business.Changes) + len(r.Business.Events) + len(r.Business.Facts)
	if err != nil && rows > 0 || rows < r.Accepted || r.Rejected > 0 && len(r.Problems)+r.More < r.Rejected || r.Rejected == 0 && len(r.Problems) > 0 {
		t.Errorf("%d rows of %d accepted, %d rejected, problems %v, error %v", rows, r.Accepted, r.Rejected, r.Problems, err)
	}
	for _, e := range r.Business.Events {
		if e.ID == "" || e.Kind == "" || e.Time <= 0 {
			t.Errorf("event %+v", e)
		}
	}
	for _, c := range r.Business.Changes {
		if c.ID == "" || c.Kind == "" || c.Env == "" || c.Started <= 0 {
			t.Errorf("change %+v", c)
		}
	}
	for _, x := range r.Business.Facts {
		if x.Key == "" || x.Customer.IsZero() && x.Account.IsZero() || x.ValidFrom <= 0 {
			t.Errorf("fact %+v", x)
		}
	}
	if _, err := business.Records(r.Business, 512); err != nil {
		t.Error(err)
	}
}
