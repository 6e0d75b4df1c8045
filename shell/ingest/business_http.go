package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/business"
)

// The paths of business data, and what is taken there. No page of a browser may send
// it: there are no CORS headers, and none of these types gets by without a preflight.
const (
	pathEvents = "/v1/events"
	pathImport = "/v1/import"

	typeEvent = "application/cloudevents+json"
	typeBatch = "application/cloudevents-batch+json"
	typeCSV   = "text/csv"
)

// businessAnswer is the answer to business data: what was taken, and what was wrong
// with the rest.
type businessAnswer struct {
	Accepted int                `json:"accepted"`
	Ignored  int                `json:"ignored"`
	Rejected int                `json:"rejected"`
	Problems []business.Problem `json:"problems,omitempty"`
	More     int                `json:"more_problems,omitempty"`
	Columns  []string           `json:"unknown_columns,omitempty"`
}

func (x *exchange) serveBusiness() {
	d := x.door
	answer, f := x.takeBusiness()
	if f == nil && answer.Rejected > 0 && answer.Accepted+answer.Ignored == 0 {
		d.stats.business.answers[resultBad].Add(1)
		x.answerBusiness(http.StatusBadRequest, answer)
		return
	}
	if f != nil {
		d.stats.business.answers[f.result].Add(1)
		x.refuse(f)
		return
	}
	d.stats.business.answers[resultOK].Add(1)
	x.answerBusiness(http.StatusOK, answer)
}

func (x *exchange) answerBusiness(code int, a businessAnswer) {
	body, err := json.Marshal(a)
	if err != nil { // numbers and texts always marshal
		body = []byte(`{}`)
	}
	x.write(code, body)
}

// takeBusiness checks the request from the outside in, reads its body and hands it on.
func (x *exchange) takeBusiness() (answer businessAnswer, f *fault) {
	d, r := x.door, x.r
	defer func() {
		if p := recover(); p != nil {
			d.stats.panics.Add(1)
			d.opt.Logger.Error("ingest: a request with business data panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			f = faultf(resultPanicked, "Felt could not process this; its log says more")
		}
	}()
	if f := x.mayPost(); f != nil {
		return answer, f
	}
	read, f := x.businessReader()
	if f != nil {
		return answer, f
	}
	packed, f := x.contentEncoding()
	if f != nil {
		return answer, f
	}
	t, f := d.admit()
	if f != nil {
		return answer, f
	}
	defer t.release()
	d.announce(r.Header.Get(moreHeader))
	body, f := d.readBody(t, r.Body, r.ContentLength, min(d.limits.Body, d.limits.Business))
	if f != nil {
		return answer, f
	}
	defer d.bodies.Put(body)
	d.stats.bodyBytes.Add(int64(len(*body)))
	ctx, cancel := context.WithTimeout(r.Context(), d.limits.Append+d.limits.Read)
	defer cancel()
	result, f := d.readBusiness(ctx, t, packed, *body, read)
	if f != nil {
		return answer, f
	}
	answer = businessAnswer{
		Accepted: result.Accepted, Ignored: result.Ignored, Rejected: result.Rejected,
		Problems: result.Problems, More: result.More, Columns: result.Columns,
	}
	if x.allOrNothing() && answer.Rejected > 0 {
		answer.Accepted = 0
		return answer, nil
	}
	result.Business.Actor = x.actor()
	f = d.appendBusiness(ctx, result.Business, t.move())
	add(&d.stats.business.ignored, int64(answer.Ignored))
	add(&d.stats.business.rejected, int64(answer.Rejected))
	return answer, f
}

// mayPost checks method and token.
func (x *exchange) mayPost() *fault {
	if x.r.Method != http.MethodPost {
		x.w.Header().Set("Allow", "POST")
		return faultf(resultMethod, "business data is sent by POST, not %s", x.r.Method)
	}
	header := x.r.Header.Get("Authorization")
	if _, page := x.door.pageKey(bearer(header)); page || !x.door.allowed(header) {
		x.w.Header().Set("WWW-Authenticate", "Bearer")
		return errDenied()
	}
	return nil
}

// allOrNothing: a CSV with a wrong row is not taken, unless asked for.
func (x *exchange) allOrNothing() bool {
	keep, _ := strconv.ParseBool(x.r.URL.Query().Get("keep_going")) // businessReader has checked it
	return x.r.URL.Path == pathImport && !keep
}

// actor is who sends, as far as the token tells.
func (x *exchange) actor() string {
	_, token, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	if x.door.opt.Actor == nil || token == "" {
		return ""
	}
	return x.door.opt.Actor(strings.TrimSpace(token))
}

// businessReader is how the body is to be read, by path and type.
func (x *exchange) businessReader() (func([]byte) (business.Result, error), *fault) {
	o := x.door.businessOptions()
	header := x.r.Header.Get("Content-Type")
	media, params, err := mime.ParseMediaType(header)
	if err != nil {
		media = ""
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		return nil, faultf(resultType, "charset %q is not known here: send UTF-8", charset)
	}
	if x.r.URL.Path == pathImport {
		return x.csvReader(o, media)
	}
	binary := x.r.Header.Get("Ce-Specversion") != "" || x.r.Header.Get("Ce-Type") != ""
	switch {
	case media == typeEvent:
		return func(b []byte) (business.Result, error) { return business.Structured(o, b) }, nil
	case media == typeBatch:
		return func(b []byte) (business.Result, error) { return business.Batch(o, b) }, nil
	case binary && media != typeText && media != "":
		return func(b []byte) (business.Result, error) { return business.Binary(o, x.attribute, media, b) }, nil
	}
	x.w.Header().Set("Accept-Post", typeEvent+", "+typeBatch)
	return nil, faultf(resultType, "content type %q is not known here: use %s, %s, or %s with ce- headers", header, typeEvent, typeBatch, typeJSON)
}

// attribute is a CloudEvent's attribute in a header, percent-decoded.
func (x *exchange) attribute(name string) string {
	v := strings.TrimSpace(x.r.Header.Get("ce-" + name))
	if len(v) > 1 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}

func (x *exchange) csvReader(o business.Options, media string) (func([]byte) (business.Result, error), *fault) {
	if media != typeCSV {
		x.w.Header().Set("Accept-Post", typeCSV)
		return nil, faultf(resultType, "want content type %s", typeCSV)
	}
	q := x.r.URL.Query()
	kind := business.Kind(q.Get("kind"))
	if !kind.Valid() {
		return nil, faultf(resultBad, "parameter kind: want changes, events or facts")
	}
	line := 0
	if s := q.Get("line"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 2 {
			return nil, faultf(resultBad, "parameter line: want the number of the first row's line in its file, from 2")
		}
		line = n
	}
	if s := q.Get("keep_going"); s != "" {
		if _, err := strconv.ParseBool(s); err != nil {
			return nil, faultf(resultBad, "parameter keep_going: want true or false")
		}
	}
	return func(b []byte) (business.Result, error) { return business.CSV(o, kind, b, line) }, nil
}

// businessRows counts what was put on the log.
func (s *stats) businessRows(b *felt.Business) {
	add(&s.business.changes, int64(len(b.Changes)))
	add(&s.business.events, int64(len(b.Events)))
	add(&s.business.facts, int64(len(b.Facts)))
}
