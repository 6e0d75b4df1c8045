package httpapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

// Notices knows what people were told, and can tell again.
type Notices interface {
	// Told lists notifications, newest first: of a state, an incident, a sink ("" any), at most limit.
	Told(state felt.DeliveryState, incident, sink string, limit int) []felt.Told
	Sinks() []felt.SinkState
	// Retry has one that was given up tried again: [felt.ErrNotFound], or another error that says why not.
	Retry(ctx context.Context, key, by string) error
	// Test sends a test. The error says why the sink does not have it; [felt.ErrNotFound]: there is no such sink.
	Test(ctx context.Context, sink string) error
}

// noNotices is when nobody is told.
type noNotices struct{}

func (noNotices) Told(felt.DeliveryState, string, string, int) []felt.Told { return nil }
func (noNotices) Sinks() []felt.SinkState                                  { return nil }
func (noNotices) Retry(context.Context, string, string) error              { return felt.ErrNotFound }

func (noNotices) Test(context.Context, string) error { return felt.ErrNotFound }

func (a *API) noticeRoutes(api huma.API) {
	get(api, "/api/v1/notifications", "notifications", "What people were told, and what came of it, newest first", a.notifications)
	get(api, "/api/v1/sinks", "sinks", "Where people are told, and how that works", a.sinks)
	post(api, "/api/v1/notifications/{key}/retry", "notification-retry", "Try a notification again that was given up", a.retryOne)
	post(api, "/api/v1/sinks/{name}/retry", "sink-retry", "Try all of a sink's notifications again that were given up", a.retrySink)
	post(api, "/api/v1/sinks/{name}/test", "sink-test", "Send a test to a sink, once and now", a.testSink)
}

type notificationsInput struct {
	State    string `query:"state" enum:"waiting,delivered,dead" doc:"Default all"`
	Incident string `query:"incident" maxLength:"256" doc:"Of one incident"`
	Sink     string `query:"sink" maxLength:"256" doc:"To one sink"`
	Limit    int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
}

type notificationsOutput struct {
	Body struct {
		Stamp
		Notifications []notificationView `json:"notifications"`
	}
}

// notificationView is what somebody was to be told, and what came of it.
type notificationView struct {
	Key      string  `json:"key"`
	Sink     string  `json:"sink"`
	Kind     string  `json:"kind" enum:"incident.detected,incident.reported,incident.resolved,felt.test"`
	Made     string  `json:"made" doc:"Log time"`
	Why      string  `json:"why,omitempty" doc:"What has changed"`
	Policy   string  `json:"policy,omitempty"`
	Env      string  `json:"env"`
	App      string  `json:"app"`
	Incident string  `json:"incident"`
	Title    string  `json:"title"`
	State    string  `json:"state" enum:"waiting,delivered,dead"`
	Attempts int     `json:"attempts"`
	First    *string `json:"first" doc:"First attempt, wall clock"`
	Last     *string `json:"last" doc:"Last attempt"`
	Next     *string `json:"next" doc:"When it is tried again, of one that waits"`
	Error    string  `json:"error,omitempty" doc:"Of the last attempt"`
	By       string  `json:"by,omitempty" doc:"Who had it tried again"`
}

func notificationOf(n *felt.Told) notificationView {
	d := n.Delivery
	return notificationView{
		Key: n.Key, Sink: n.Sink, Kind: string(n.Kind), Made: stampTime(n.At.Instant()), Why: n.Why, Policy: n.Policy, Env: n.Env, App: n.App,
		Incident: n.Incident, Title: n.Title, State: string(d.State), Attempts: d.Attempts,
		First: optionalTime(d.First), Last: optionalTime(d.Last), Next: optionalTime(d.Next), Error: d.Error, By: d.By,
	}
}

func (a *API) notifications(_ context.Context, in *notificationsInput) (*notificationsOutput, error) {
	out := &notificationsOutput{}
	out.Body.Stamp = a.stamp(nil)
	out.Body.Notifications = []notificationView{}
	for _, n := range a.opts.Notices.Told(felt.DeliveryState(in.State), in.Incident, in.Sink, in.Limit) {
		out.Body.Notifications = append(out.Body.Notifications, notificationOf(&n))
	}
	return out, nil
}

type sinksInput struct{}

type sinksOutput struct {
	Body struct {
		Stamp
		Sinks []sinkView `json:"sinks"`
	}
}

// sinkView is how a sink is doing.
type sinkView struct {
	Name        string  `json:"name"`
	Kind        string  `json:"kind" doc:"slack_webhook, webhook or heartbeat; empty: the inventory has it no longer"`
	Host        string  `json:"host" doc:"Of its address, of which nothing else is shown"`
	URLSet      bool    `json:"url_set" doc:"Its address is known"`
	Trouble     string  `json:"trouble,omitempty" doc:"Why nothing can be sent there"`
	LastSuccess *string `json:"last_success"`
	LastAttempt *string `json:"last_attempt"`
	LastError   string  `json:"last_error,omitempty" doc:"Empty when the last attempt went well"`
	Waiting     int     `json:"waiting"`
	Dead        int     `json:"dead"`
	Delivered   int     `json:"delivered" doc:"Of those that are kept"`
	Oldest      *string `json:"oldest" doc:"When the oldest that waits was made"`
	PausedUntil *string `json:"paused_until" doc:"It has asked to be left alone until then"`
}

func (a *API) sinks(context.Context, *sinksInput) (*sinksOutput, error) {
	out := &sinksOutput{}
	out.Body.Stamp = a.stamp(nil)
	out.Body.Sinks = []sinkView{}
	for _, s := range a.opts.Notices.Sinks() {
		out.Body.Sinks = append(out.Body.Sinks, sinkView{
			Name: s.Name, Kind: s.Kind, Host: s.Host, URLSet: s.URLSet, Trouble: s.Trouble,
			LastSuccess: optionalTime(s.LastSuccess), LastAttempt: optionalTime(s.LastAttempt), LastError: s.LastError,
			Waiting: s.Waiting, Dead: s.Dead, Delivered: s.Delivered, Oldest: optionalTime(s.Oldest), PausedUntil: optionalTime(s.PausedUntil),
		})
	}
	return out, nil
}

type retryInput struct {
	Key string `path:"key" maxLength:"512"`
	CommandHeaders
}

type sinkInput struct {
	Name string `path:"name" maxLength:"256"`
	CommandHeaders
}

type retryOutput struct {
	Body struct {
		Retried int `json:"retried" doc:"How many are tried again now"`
	}
}

// retryOne has one tried again. Who wanted it is on the log before it leaves.
func (a *API) retryOne(ctx context.Context, in *retryInput) (*retryOutput, error) {
	n := a.noticeOf(in.Key)
	switch {
	case n == nil:
		return nil, huma.Error404NotFound(fmt.Sprintf("there is no notification %.200q; /api/v1/notifications lists them", in.Key))
	case n.Delivery.State != felt.DeliveryDead:
		return nil, huma.Error409Conflict(fmt.Sprintf("it is %s: only one that was given up (dead) can be tried again", n.Delivery.State))
	}
	if err := a.keepCommand(ctx, in.CommandHeaders, &felt.Command{What: felt.CommandRetry, Target: in.Key, Args: map[string]string{"sink": n.Sink}}); err != nil {
		return nil, err
	}
	if err := a.opts.Notices.Retry(ctx, in.Key, a.actor(in.CommandHeaders)); err != nil {
		return nil, a.notRetried(ctx, err)
	}
	out := &retryOutput{}
	out.Body.Retried = 1
	return out, nil
}

// allNotices is more than can be kept.
const allNotices = 1 << 30

func (a *API) noticeOf(key string) *felt.Told {
	list := a.opts.Notices.Told("", "", "", allNotices)
	for i := range list {
		if list[i].Key == key {
			return &list[i]
		}
	}
	return nil
}

// retrySink has everything tried again that a sink has not got.
func (a *API) retrySink(ctx context.Context, in *sinkInput) (*retryOutput, error) {
	dead := a.opts.Notices.Told(felt.DeliveryDead, "", in.Name, allNotices)
	if len(dead) == 0 && a.sinkState(in.Name) == nil {
		return nil, noSink(in.Name)
	}
	out := &retryOutput{}
	if len(dead) == 0 {
		return out, nil
	}
	if err := a.keepCommand(ctx, in.CommandHeaders, &felt.Command{What: felt.CommandRetry, Args: map[string]string{"sink": in.Name}}); err != nil {
		return nil, err
	}
	for i := len(dead) - 1; i >= 0; i-- { // the oldest first
		if err := a.opts.Notices.Retry(ctx, dead[i].Key, a.actor(in.CommandHeaders)); err != nil {
			return nil, a.notRetried(ctx, err)
		}
		out.Body.Retried++
	}
	return out, nil
}

func (a *API) notRetried(ctx context.Context, err error) error {
	if errors.Is(err, felt.ErrUnavailable) {
		return a.notAppended(ctx, err)
	}
	return huma.Error409Conflict(err.Error())
}

func (a *API) sinkState(name string) *felt.SinkState {
	for _, s := range a.opts.Notices.Sinks() {
		if s.Name == name && s.Kind != "" {
			return &s
		}
	}
	return nil
}

func noSink(name string) error {
	return huma.Error404NotFound(fmt.Sprintf("the inventory has no sink %.64q; /api/v1/sinks lists them", name))
}

type testSinkOutput struct {
	Body struct {
		Delivered bool   `json:"delivered" doc:"The sink has said that it has it"`
		Error     string `json:"error,omitempty" doc:"Why not"`
		Host      string `json:"host"`
	}
}

// testSink sends a test; that it was not taken is an answer too.
func (a *API) testSink(ctx context.Context, in *sinkInput) (*testSinkOutput, error) {
	s := a.sinkState(in.Name)
	if s == nil {
		return nil, noSink(in.Name)
	}
	if err := a.keepCommand(ctx, in.CommandHeaders, &felt.Command{What: felt.CommandSinkTest, Target: in.Name}); err != nil {
		return nil, err
	}
	out := &testSinkOutput{}
	out.Body.Host = s.Host
	switch err := a.opts.Notices.Test(ctx, in.Name); {
	case err == nil:
		out.Body.Delivered = true
	case errors.Is(err, felt.ErrNotFound): // it has gone meanwhile
		return nil, noSink(in.Name)
	default:
		out.Body.Error = err.Error()
	}
	return out, nil
}

// keepCommand puts a command on the log that is there for audit alone.
func (a *API) keepCommand(ctx context.Context, h CommandHeaders, c *felt.Command) error {
	wait, cancel := context.WithTimeout(ctx, a.opts.CommandWait)
	defer cancel()
	_, err := a.send(ctx, wait, h, c)
	return err
}
