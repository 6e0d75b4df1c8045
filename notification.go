package felt

import (
	"context"
	"errors"
	"iter"
)

// NotificationKind says what is told. The words are those of CDEvents, where there is one.
type NotificationKind string

// The kinds of notifications.
const (
	NotifyDetected  NotificationKind = "incident.detected" // opened, or reopened
	NotifyReported  NotificationKind = "incident.reported" // something that people need to know has changed
	NotifyResolved  NotificationKind = "incident.resolved"
	NotifyTest      NotificationKind = "felt.test"      // somebody asked whether a sink works
	NotifyHeartbeat NotificationKind = "felt.heartbeat" // Felt works; made by the sender itself, never in the outbox
)

// Notification is one thing that one sink is to be told. The engine makes it; it leaves at its tick,
// before and apart from the rows.
type Notification struct {
	Key      string           `json:"key"`  // derived: a replay makes the same again, and it is told once
	Sink     string           `json:"sink"` // name of a sink of the inventory
	Kind     NotificationKind `json:"kind"`
	At       Tick             `json:"at"`
	Why      string           `json:"why,omitempty"`    // of a report: what has changed, in words
	Policy   string           `json:"policy,omitempty"` // the rule of the inventory that asked for it
	Incident Incident         `json:"incident"`         // as it was at that tick; the zero value for a test
}

// DeliveryState is how far a notification has come.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryWaiting   DeliveryState = "waiting"   // not tried yet, or to be tried again
	DeliveryDelivered DeliveryState = "delivered" // the sink has said so
	DeliveryDead      DeliveryState = "dead"      // given up: refused for good, or tried too often
)

// Delivery is what came of a notification.
type Delivery struct {
	Key      string        `json:"key"` // of the notification
	Sink     string        `json:"sink"`
	State    DeliveryState `json:"state"`
	Attempts int           `json:"attempts"`
	First    Instant       `json:"first"` // wall clock of the first attempt; 0 none
	Last     Instant       `json:"last"`
	Next     Instant       `json:"next,omitempty"`  // when it is tried again, of one that waits
	Error    string        `json:"error,omitempty"` // of the last attempt, without secrets
	By       string        `json:"by,omitempty"`    // who asked to try a dead one again
}

// Posted is a notification in the outbox.
type Posted struct {
	Seq Seq // its place, growing
	Notification
}

// Told is a notification with what came of it, without all that stands in its incident.
type Told struct {
	Seq      Seq
	Key      string
	Sink     string
	Kind     NotificationKind
	At       Tick
	Why      string
	Policy   string
	Env, App string
	Incident string // its id
	Title    string // what is wrong, in a few words
	Delivery Delivery
}

// SinkState is how a sink of the inventory is doing. There is no secret in it.
type SinkState struct {
	Name, Kind  string
	Host        string // of its address; "" when that is not known
	URLSet      bool   // its address is known and can be one
	Trouble     string // why nothing can be sent there; "" something can
	LastSuccess Instant
	LastAttempt Instant
	LastError   string  // of the last attempt; "" it went well, or there was none
	Waiting     int     // notifications that are to be delivered
	Dead        int     // given up, of those that are kept
	Delivered   int     // of those that are kept
	Oldest      Instant // when the oldest of those that wait was made; 0 none waits
	PausedUntil Instant // it has asked not to be sent anything before; 0 it has not
}

// Outbox is the outgoing log: notifications that wait to be told, and what came of them. Both survive
// a crash.
//
// Implementations MUST pass package shell/outboxtest.
type Outbox interface {
	// Post appends notifications. One whose Key is there already is not posted again, for as long
	// as it is kept. A nil error means that all are durable; on error some may be. [ErrPermanent]: the
	// first one that is not there can never be.
	Post(ctx context.Context, list ...Notification) error
	// Posted yields what was posted after a place, in order, and then waits for more until ctx ends, which
	// ends the iteration without an error.
	Posted(ctx context.Context, after Seq) iter.Seq2[Posted, error]
	// Note keeps what came of a notification; the last one of a Key stands.
	Note(ctx context.Context, d Delivery) error
	// Deliveries are those noted, of notifications that are still kept, in order of Key.
	Deliveries(ctx context.Context) ([]Delivery, error)
}

// ErrPermanent means that a sink has refused a notification, or an outbox to keep it, for good: it is not
// to be tried again.
var ErrPermanent = errors.New("refused for good")

// Sink is one place that is told.
type Sink interface {
	// Notify tells it. A nil error means that the sink has said that it has it. An error that is
	// [ErrPermanent] is not tried again; any other is, under the same Key.
	Notify(ctx context.Context, n Notification) error
}
