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

// DiscloseInput is what everybody says who takes a list of customers.
type DiscloseInput struct {
	Reason string `query:"reason" maxLength:"1000" doc:"Why; kept for audit. Needed where tokens are"`
	Accept string `header:"Accept" hidden:"true"`
	Actor  string `header:"X-Felt-Actor" maxLength:"128" doc:"A name to keep where no tokens are needed; otherwise the token's"`
	Via    string `header:"X-Felt-Via" maxLength:"32" doc:"page, slack, cli; default page for the page, else api"`
	Site   string `header:"Sec-Fetch-Site" hidden:"true"`
	Auth   string `header:"Authorization" hidden:"true"`
}

// disclosedPage is how many customers are asked of the store at once.
const disclosedPage = 5000

// disclosure is a list of customers that leaves the house, as CSV or JSON, page by page: it may be long.
type disclosure[T, V any] struct {
	stamp   Stamp
	target  string   // of the command that tells of it
	file    string   // name of the CSV, without its end
	columns []string // of the CSV
	row     func(*T) []string
	view    func(*T) V // for JSON
	load    func(ctx context.Context, page string) (list []T, next string, err error)

	page []T
	next string
}

// disclosed describes the JSON of a list for the OpenAPI document; it is written piece by piece.
type disclosed[V any] struct {
	Stamp
	Customers []V `json:"customers"`
}

// discloseRoute registers a list; Answer is a disclosed one.
func discloseRoute[Answer, I any](api huma.API, op huma.Operation, handle func(context.Context, *I) (*huma.StreamResponse, error)) {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Answer](), true, "")
	op.Method = http.MethodGet
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
		"text/csv":         {Schema: &huma.Schema{Type: huma.TypeString}},
		"application/json": {Schema: schema},
	}}}
	huma.Register(api, op, handle)
}

// disclose answers with a list. That somebody took it is on the log before its first byte leaves; taken twice is
// taken twice, so the command has no idempotency key.
func disclose[T, V any](ctx context.Context, a *API, in DiscloseInput, d *disclosure[T, V]) (*huma.StreamResponse, error) {
	reason := strings.TrimSpace(in.Reason)
	if reason == "" && a.opts.Bearer != nil {
		return nil, huma.Error422UnprocessableEntity("reason is needed: who was hit leaves the house, and why is kept for audit (reason=call+those+who+paid+twice)")
	}
	if err := d.turn(ctx, a, ""); err != nil { // what cannot be answered discloses nothing
		return nil, err
	}
	who := CommandHeaders{Actor: in.Actor, Via: in.Via, Site: in.Site, Auth: in.Auth}
	if err := a.keepCommand(ctx, who, &felt.Command{What: felt.CommandDisclose, Target: d.target, Reason: reason}); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		if err := d.write(r.Context(), a, w, in.Accept); err != nil {
			if r.Context().Err() == nil {
				a.opts.Logger.Warn("list of customers ended early", "list", d.file, "err", err)
			}
			panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to hang up: what was cut must not look whole
		}
	}}, nil
}

// turn loads a page.
func (d *disclosure[T, V]) turn(ctx context.Context, a *API, page string) (err error) {
	d.page, err = ask(ctx, a, func(ctx context.Context) (list []T, err error) {
		list, d.next, err = d.load(ctx, page)
		return list, err
	})
	return err
}

// write writes all pages. Whoever does not read for a while is hung up on.
func (d *disclosure[T, V]) write(ctx context.Context, a *API, w http.ResponseWriter, accept string) error {
	h := w.Header()
	h.Set("X-Felt-Question", d.stamp.Question.ID)
	h.Set("Vary", "Accept")
	for name, v := range map[string]*string{"X-Felt-As-Of": d.stamp.AsOf, "X-Felt-Complete-Until": d.stamp.CompleteUntil} {
		if v != nil {
			h.Set(name, *v)
		}
	}
	sink := listWriter[T](&csvList[T]{w: csv.NewWriter(w), columns: d.columns, row: d.row})
	if strings.Contains(accept, "application/json") {
		h.Set("Content-Type", "application/json")
		sink = &jsonList[T, V]{w: w, enc: json.NewEncoder(w), view: d.view}
	} else {
		h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
		h.Set("Content-Disposition", `attachment; filename="`+d.file+`.csv"`)
	}
	rc := http.NewResponseController(w)
	if err := sink.begin(d.stamp); err != nil {
		return err
	}
	for {
		if err := rc.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return cutOff(err)
		}
		if err := sink.add(d.page); err != nil {
			return err
		}
		if d.next == "" {
			return sink.end()
		}
		if err := d.turn(ctx, a, d.next); err != nil {
			return err
		}
	}
}

// listWriter writes a list in one format.
type listWriter[T any] interface {
	begin(s Stamp) error
	add(page []T) error
	end() error
}

type csvList[T any] struct {
	w       *csv.Writer
	columns []string
	row     func(*T) []string
}

func (c *csvList[T]) begin(Stamp) error { return cutOff(c.w.Write(c.columns)) }

func (c *csvList[T]) add(page []T) error {
	for i := range page {
		if err := c.w.Write(c.row(&page[i])); err != nil {
			return cutOff(err)
		}
	}
	c.w.Flush()
	return cutOff(c.w.Error())
}

func (*csvList[T]) end() error { return nil }

// harmless keeps a spreadsheet from reading a text that senders chose as a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(s[0])) {
		return "'" + s
	}
	return s
}

type jsonList[T, V any] struct {
	w     io.Writer
	enc   *json.Encoder
	view  func(*T) V
	comma bool
}

func (j *jsonList[T, V]) begin(s Stamp) error {
	head, err := json.Marshal(s)
	if err != nil {
		return cutOff(err)
	}
	return j.text(strings.TrimSuffix(string(head), "}") + `,"customers":[` + "\n")
}

func (j *jsonList[T, V]) add(page []T) error {
	for i := range page {
		if j.comma {
			if err := j.text(","); err != nil {
				return err
			}
		}
		j.comma = true
		if err := j.enc.Encode(j.view(&page[i])); err != nil {
			return cutOff(err)
		}
	}
	return nil
}

func (j *jsonList[T, V]) end() error { return j.text("]}\n") }

func (j *jsonList[T, V]) text(s string) error {
	_, err := io.WriteString(j.w, s)
	return cutOff(err)
}

// cutOff says what ended early; nil did not.
func cutOff(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("list of customers: %w", err)
}

func decimal(v int64) string { return strconv.FormatInt(v, 10) }
