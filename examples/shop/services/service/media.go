package service

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/felt-cx/felt/examples/shop/services/telemetry"
)

// PhotoLimit is the largest photo that the shop promises to take.
const PhotoLimit = 5 << 20

// photo waits for the worker.
type photo struct {
	id   string
	from trace.SpanContext
}

// Media takes photos, and has a worker that looks at them when the customer is gone: one journey through a
// queue, held together by the photo's id. Run ends when ctx does.
type Media struct {
	*Base
	worker *telemetry.Telemetry
	queue  chan photo
}

// NewMedia makes one; worker sends what the worker does.
func NewMedia(b *Base, worker *telemetry.Telemetry) *Media {
	return &Media{Base: b, worker: worker, queue: make(chan photo, 1000)}
}

// Handler is PUT /uploads/{id}.
func (m *Media) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /uploads/{id}", m.take)
	return mux
}

func (m *Media) take(w http.ResponseWriter, r *http.Request) {
	limit := int64(PhotoLimit)
	if l := m.Switches.Get().UploadLimit; l > 0 {
		limit = l
	}
	_, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, limit))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		fail(w, http.StatusRequestEntityTooLarge, "too_large")
		return
	case err != nil:
		fail(w, http.StatusBadRequest, "cut_off")
		return
	}
	span := trace.SpanFromContext(r.Context())
	span.SetAttributes(attribute.String("upload.id", r.PathValue("id")))
	select {
	case m.queue <- photo{r.PathValue("id"), span.SpanContext()}:
		answer(w, http.StatusAccepted, map[string]string{"id": r.PathValue("id")})
	default:
		fail(w, http.StatusServiceUnavailable, "queue_full")
	}
}

// Run is the worker.
func (m *Media) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-m.queue:
			m.scan(ctx, p)
		}
	}
}

// How long scanning and publishing take.
const (
	scanning   = 300 * time.Millisecond
	publishing = 100 * time.Millisecond
)

func (m *Media) scan(ctx context.Context, p photo) {
	named := attribute.String("upload.id", p.id)
	ctx = trace.ContextWithRemoteSpanContext(ctx, p.from)
	ctx, span := m.worker.Tracer().Start(ctx, "scan process", trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(named))
	wait(ctx, scanning)
	span.End()
	wait(ctx, publishing)
	m.worker.Log(ctx, "photo.published", named)
}
