package httpapi

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/felt-cx/felt"
)

type affectedInput struct {
	ScopeInput
	Reason string `query:"reason" maxLength:"1000" doc:"Why; kept for audit. Needed where tokens are"`
	Accept string `header:"Accept" hidden:"true"`
	Actor  string `header:"X-Felt-Actor" maxLength:"128" doc:"A name to keep where no tokens are needed; otherwise the token's"`
	Via    string `header:"X-Felt-Via" maxLength:"32" doc:"page, slack, cli; default page for the page, else api"`
	Site   string `header:"Sec-Fetch-Site" hidden:"true"`
	Auth   string `header:"Authorization" hidden:"true"`
}

// affectedView is one line of the list; its fields are the columns of the CSV.
type affectedView struct {
	Customer   string `json:"customer" doc:"Keyed hash"`
	Level      string `json:"identity_level"`
	Account    string `json:"account,omitempty"`
	Failed     int64  `json:"failed"`
	Degraded   int64  `json:"degraded"`
	Tries      int64  `json:"tries"`
	First      string `json:"first" doc:"Of those that failed or were degraded"`
	Last       string `json:"last"`
	Fate       string `json:"fate" enum:",recovered,lost,undecided" doc:"Of the last failure; empty without one"`
	ValueMinor int64  `json:"value_minor" doc:"Of the failed ones, in minor units of currency"`
	Currency   string `json:"currency,omitempty"`
}

// affectedAnswer describes the JSON for the OpenAPI document; it is written piece by piece.
type affectedAnswer struct {
	Stamp
	Customers []affectedView `json:"customers"`
}

// affectedPage is how many customers are asked of the store at once.
const affectedPage = 5000

// affectedRoute registers the one answer that is written while it is read: it may be long.
func (a *API) affectedRoute(api huma.API) {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[affectedAnswer](), true, "")
	huma.Register(api, huma.Operation{
		OperationID: "affected", Method: http.MethodGet, Path: pathAffected,
		Summary:     "The customers who were hit, as CSV or JSON",
		Description: "Needs a token with scope act, and is kept for audit: who took which list, and why. With Accept: application/json it is JSON. The headers X-Felt-Question, X-Felt-As-Of and X-Felt-Complete-Until carry what other answers have inside.",
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
			"text/csv":         {Schema: &huma.Schema{Type: huma.TypeString}},
			"application/json": {Schema: schema},
		}}},
	}, a.affected)
}

// affected lists who was hit. That somebody took the list is on the log before its first
// byte leaves.
func (a *API) affected(ctx context.Context, in *affectedInput) (*huma.StreamResponse, error) {
	q, asked, err := a.scoped(ctx, in.ScopeInput)
	if err != nil {
		return nil, err
	}
	reason := strings.TrimSpace(in.Reason)
	if reason == "" && a.opts.Bearer != nil {
		return nil, huma.Error422UnprocessableEntity("reason is needed: who was hit leaves the house, and why is kept for audit (reason=call+those+who+paid+twice)")
	}
	list := affectedList{api: a, q: q, stamp: a.stamp(asked)}
	if err := list.load(ctx, ""); err != nil { // a question that cannot be answered discloses nothing
		return nil, err
	}
	who := CommandHeaders{Actor: in.Actor, Via: in.Via, Site: in.Site, Auth: in.Auth}
	if err := a.disclosed(ctx, who, q, reason); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		if err := list.write(r.Context(), w, in.Accept); err != nil {
			if r.Context().Err() == nil {
				a.opts.Logger.Warn("list of customers ended early", "err", err)
			}
			panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to hang up: what was cut must not look whole
		}
	}}, nil
}

// disclosed puts on the log that somebody takes the list. It has no idempotency key: taken
// twice is taken twice.
func (a *API) disclosed(ctx context.Context, who CommandHeaders, q felt.Question, reason string) error {
	data, err := json.Marshal(felt.Command{
		Time: a.now(), Actor: a.actor(who), Via: via(who), What: felt.CommandDisclose, Target: q.String(), Reason: reason,
	})
	if err != nil {
		return a.problemOf(ctx, err)
	}
	wait, cancel := context.WithTimeout(ctx, a.opts.CommandWait)
	defer cancel()
	if _, err := a.opts.Commands.Append(wait, felt.Record{Kind: felt.KindCommand, Part: felt.Control, Data: data}); err != nil {
		return a.notAppended(wait, err)
	}
	return nil
}

// affectedList is the list with the page that is being written.
type affectedList struct {
	api   *API
	q     felt.Question
	stamp Stamp
	page  []felt.Affected
	next  string
}

func (l *affectedList) load(ctx context.Context, page string) (err error) {
	l.page, err = ask(ctx, l.api, func(ctx context.Context) (list []felt.Affected, err error) {
		list, l.next, err = l.api.opts.Store.Affected(ctx, l.q, affectedPage, page)
		return list, err
	})
	return err
}

// write writes all pages. Whoever does not read for a while is hung up on.
func (l *affectedList) write(ctx context.Context, w http.ResponseWriter, accept string) error {
	h := w.Header()
	h.Set("X-Felt-Question", l.stamp.Question.ID)
	h.Set("Vary", "Accept")
	for name, v := range map[string]*string{"X-Felt-As-Of": l.stamp.AsOf, "X-Felt-Complete-Until": l.stamp.CompleteUntil} {
		if v != nil {
			h.Set(name, *v)
		}
	}
	name, sink := "affected-"+l.stamp.Question.ID, affectedWriter(&csvList{w: csv.NewWriter(w)})
	if strings.Contains(accept, "application/json") {
		h.Set("Content-Type", "application/json")
		sink = &jsonList{w: w, enc: json.NewEncoder(w)}
	} else {
		h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
		h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	}
	rc := http.NewResponseController(w)
	if err := sink.begin(l.stamp); err != nil {
		return err
	}
	for {
		if err := rc.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("list of customers: %w", err)
		}
		if err := sink.customers(l.page); err != nil {
			return err
		}
		if l.next == "" {
			return sink.end()
		}
		if err := l.load(ctx, l.next); err != nil {
			return err
		}
	}
}

// affectedWriter writes the list in one format.
type affectedWriter interface {
	begin(s Stamp) error
	customers(page []felt.Affected) error
	end() error
}

type csvList struct{ w *csv.Writer }

func (c *csvList) begin(Stamp) error {
	if err := c.w.Write([]string{"customer", "identity_level", "account", "failed", "degraded", "tries", "first", "last", "fate", "value_minor", "currency"}); err != nil {
		return fmt.Errorf("list of customers: %w", err)
	}
	return nil
}

func (c *csvList) customers(page []felt.Affected) error {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	for i := range page {
		v := affectedOf(&page[i])
		row := []string{v.Customer, v.Level, v.Account, n(v.Failed), n(v.Degraded), n(v.Tries), v.First, v.Last, v.Fate, n(v.ValueMinor), harmless(v.Currency)}
		if err := c.w.Write(row); err != nil {
			return fmt.Errorf("list of customers: %w", err)
		}
	}
	c.w.Flush()
	if err := c.w.Error(); err != nil {
		return fmt.Errorf("list of customers: %w", err)
	}
	return nil
}

func (*csvList) end() error { return nil }

// harmless keeps a spreadsheet from reading a text that senders chose as a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(s[0])) {
		return "'" + s
	}
	return s
}

type jsonList struct {
	w     io.Writer
	enc   *json.Encoder
	comma bool
}

func (j *jsonList) begin(s Stamp) error {
	head, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("list of customers: %w", err)
	}
	return j.text(strings.TrimSuffix(string(head), "}") + `,"customers":[` + "\n")
}

func (j *jsonList) customers(page []felt.Affected) error {
	for i := range page {
		if j.comma {
			if err := j.text(","); err != nil {
				return err
			}
		}
		j.comma = true
		if err := j.enc.Encode(affectedOf(&page[i])); err != nil {
			return fmt.Errorf("list of customers: %w", err)
		}
	}
	return nil
}

func (j *jsonList) end() error { return j.text("]}\n") }

func (j *jsonList) text(s string) error {
	if _, err := io.WriteString(j.w, s); err != nil {
		return fmt.Errorf("list of customers: %w", err)
	}
	return nil
}

func affectedOf(c *felt.Affected) affectedView {
	return affectedView{
		Customer: c.Customer.String(), Level: c.Level.String(), Account: c.Account.String(),
		Failed: c.Failed, Degraded: c.Degraded, Tries: c.Tries, First: stampTime(c.First), Last: stampTime(c.Last),
		Fate: c.Fate.String(), ValueMinor: c.ValueMinor, Currency: c.Currency,
	}
}
