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

const pathCohort = "/api/v1/incidents/{id}/customers"

type cohortInput struct {
	ID     string `path:"id" maxLength:"256"`
	Reason string `query:"reason" maxLength:"1000" doc:"Why; kept for audit. Needed where tokens are"`
	Accept string `header:"Accept" hidden:"true"`
	Actor  string `header:"X-Felt-Actor" maxLength:"128" doc:"A name to keep where no tokens are needed; otherwise the token's"`
	Via    string `header:"X-Felt-Via" maxLength:"32" doc:"page, slack, cli; default page for the page, else api"`
	Site   string `header:"Sec-Fetch-Site" hidden:"true"`
	Auth   string `header:"Authorization" hidden:"true"`
}

// harmedView is one customer whom an incident harmed; its fields are the columns of the CSV.
type harmedView struct {
	Customer    string  `json:"customer" doc:"Keyed hash"`
	Account     string  `json:"account,omitempty"`
	Failed      int64   `json:"failed"`
	Degraded    int64   `json:"degraded"`
	First       string  `json:"first" doc:"Of those that failed or were degraded"`
	Last        string  `json:"last"`
	RecoveredAt *string `json:"recovered_at" doc:"When the same thing worked again; null: it has not"`
	ValueMinor  int64   `json:"value_minor" doc:"Of the failed ones, in minor units"`
}

// cohortAnswer describes the JSON for the OpenAPI document; it is written piece by piece.
type cohortAnswer struct {
	Stamp
	Customers []harmedView `json:"customers"`
}

// cohortRoute registers the list of those whom one incident harmed.
func (a *API) cohortRoute(api huma.API) {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[cohortAnswer](), true, "")
	huma.Register(api, huma.Operation{
		OperationID: "incident-customers", Method: http.MethodGet, Path: pathCohort,
		Summary:     "The customers whom an incident harmed, as CSV or JSON",
		Description: "In order of their first harm. Needs a token with scope act, and is kept for audit: who took which list, and why. With Accept: application/json it is JSON.",
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
			"text/csv":         {Schema: &huma.Schema{Type: huma.TypeString}},
			"application/json": {Schema: schema},
		}}},
	}, a.cohort)
}

// cohort lists whom an incident harmed. That somebody took the list is on the log before its first
// byte leaves.
func (a *API) cohort(ctx context.Context, in *cohortInput) (*huma.StreamResponse, error) {
	i, err := a.incidentByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	reason := strings.TrimSpace(in.Reason)
	if reason == "" && a.opts.Bearer != nil {
		return nil, huma.Error422UnprocessableEntity("reason is needed: who was hit leaves the house, and why is kept for audit (reason=call+those+who+paid+twice)")
	}
	list := cohortList{api: a, id: i.ID, stamp: a.stamp(&Asked{ID: "incident-customers-" + i.ID, Incident: i.ID, Env: i.Env})}
	if err := list.load(ctx, ""); err != nil { // what cannot be answered discloses nothing
		return nil, err
	}
	who := CommandHeaders{Actor: in.Actor, Via: in.Via, Site: in.Site, Auth: in.Auth}
	wait, cancel := context.WithTimeout(ctx, a.opts.CommandWait)
	defer cancel()
	if _, err := a.send(ctx, wait, who, &felt.Command{What: felt.CommandDisclose, Target: "incident " + i.ID, Reason: reason}); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		if err := list.write(r.Context(), w, in.Accept); err != nil {
			if r.Context().Err() == nil {
				a.opts.Logger.Warn("list of an incident's customers ended early", "err", err)
			}
			panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to hang up: what was cut must not look whole
		}
	}}, nil
}

// cohortList is the list with the page that is being written.
type cohortList struct {
	api   *API
	id    string
	stamp Stamp
	page  []felt.IncidentCustomer
	next  string
}

func (l *cohortList) load(ctx context.Context, page string) (err error) {
	l.page, err = ask(ctx, l.api, func(ctx context.Context) (list []felt.IncidentCustomer, err error) {
		list, l.next, err = l.api.opts.Store.Cohort(ctx, l.id, affectedPage, page)
		return list, err
	})
	return err
}

// write writes all pages. Whoever does not read for a while is hung up on.
func (l *cohortList) write(ctx context.Context, w http.ResponseWriter, accept string) error {
	h := w.Header()
	h.Set("X-Felt-Question", l.stamp.Question.ID)
	h.Set("Vary", "Accept")
	for name, v := range map[string]*string{"X-Felt-As-Of": l.stamp.AsOf, "X-Felt-Complete-Until": l.stamp.CompleteUntil} {
		if v != nil {
			h.Set(name, *v)
		}
	}
	var page func([]felt.IncidentCustomer) error
	end := func() error { return nil }
	if strings.Contains(accept, "application/json") {
		h.Set("Content-Type", "application/json")
		j := &jsonList{w: w, enc: json.NewEncoder(w)}
		if err := j.begin(l.stamp); err != nil {
			return err
		}
		page, end = func(list []felt.IncidentCustomer) error { return harmedJSON(j, list) }, j.end
	} else {
		h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
		h.Set("Content-Disposition", `attachment; filename="`+l.stamp.Question.ID+`.csv"`)
		c := csv.NewWriter(w)
		if err := c.Write([]string{"customer", "account", "failed", "degraded", "first", "last", "recovered_at", "value_minor"}); err != nil {
			return fmt.Errorf("list of customers: %w", err)
		}
		page = func(list []felt.IncidentCustomer) error { return harmedCSV(c, list) }
	}
	rc := http.NewResponseController(w)
	for {
		if err := rc.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("list of customers: %w", err)
		}
		if err := page(l.page); err != nil {
			return err
		}
		if l.next == "" {
			return end()
		}
		if err := l.load(ctx, l.next); err != nil {
			return err
		}
	}
}

func harmedOf(c *felt.IncidentCustomer) harmedView {
	return harmedView{
		Customer: c.Customer.String(), Account: c.Account.String(), Failed: c.Failed, Degraded: c.Degraded,
		First: stampTime(c.First), Last: stampTime(c.Last), RecoveredAt: optionalTime(c.RecoveredAt), ValueMinor: c.ValueMinor,
	}
}

func harmedCSV(w *csv.Writer, list []felt.IncidentCustomer) error {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	for i := range list {
		v := harmedOf(&list[i])
		row := []string{v.Customer, v.Account, n(v.Failed), n(v.Degraded), v.First, v.Last, stampTime(list[i].RecoveredAt), n(v.ValueMinor)}
		if err := w.Write(row); err != nil {
			return fmt.Errorf("list of customers: %w", err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("list of customers: %w", err)
	}
	return nil
}

func harmedJSON(j *jsonList, list []felt.IncidentCustomer) error {
	for i := range list {
		if j.comma {
			if _, err := io.WriteString(j.w, ","); err != nil {
				return fmt.Errorf("list of customers: %w", err)
			}
		}
		j.comma = true
		if err := j.enc.Encode(harmedOf(&list[i])); err != nil {
			return fmt.Errorf("list of customers: %w", err)
		}
	}
	return nil
}
