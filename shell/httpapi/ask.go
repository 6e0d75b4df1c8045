package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

// ask asks the store, bounded in time and in how many ask at once.
func ask[T any](ctx context.Context, a *API, f func(context.Context) (T, error)) (T, error) {
	var zero T
	ctx, cancel := context.WithTimeout(ctx, a.opts.QuestionTimeout)
	defer cancel()
	select {
	case a.asking <- struct{}{}:
		defer func() { <-a.asking }()
	case <-ctx.Done():
	}
	if ctx.Err() != nil { // also when a place came at the last moment
		if !errors.Is(ctx.Err(), context.Canceled) { // else the asker has left
			a.counts.busy.Add(1)
		}
		return zero, huma.ErrorWithHeaders(
			huma.Error503ServiceUnavailable("too many questions are being asked at once; ask again in a second"),
			http.Header{"Retry-After": {"1"}})
	}
	v, err := f(ctx)
	if err != nil {
		return zero, a.problemOf(ctx, err)
	}
	return v, nil
}

// problemOf turns an error into an answer without its insides.
func (a *API) problemOf(ctx context.Context, err error) error {
	var status huma.StatusError
	switch {
	case errors.As(err, &status):
		return err
	case errors.Is(err, felt.ErrNotFound):
		return huma.Error404NotFound("not found")
	case errors.Is(err, felt.ErrUnanswerable):
		return huma.Error422UnprocessableEntity(reasonOf(err))
	case errors.Is(ctx.Err(), context.Canceled): // the asker has left: nobody reads this
		return huma.Error503ServiceUnavailable("the question was withdrawn")
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil:
		a.counts.timeouts.Add(1)
		return huma.Error504GatewayTimeout(fmt.Sprintf("no answer within %s: ask for a shorter window or fewer conditions", a.opts.QuestionTimeout))
	}
	a.counts.errors.Add(1)
	a.opts.Logger.Error("question failed", "err", err)
	return huma.Error500InternalServerError("the store could not answer; the server's log says why")
}

// reasonOf is what a store says to the asker, without the store's own name in front
// and the kind of error behind.
func reasonOf(err error) string {
	text := strings.TrimSuffix(err.Error(), ": "+felt.ErrUnanswerable.Error())
	if part, rest, ok := strings.Cut(text, ": "); ok && !strings.ContainsAny(part, " =\"") {
		text = rest
	}
	return text
}
