// Package outboxtest is what every felt.Outbox must do: a suite of tests that an implementation runs
// over itself, and a test that kills a process between two acknowledgements.
//
// An outbox is small, but three of its promises carry the rest. What Post has acknowledged is there
// after a crash: else somebody sleeps while customers fail. A Key is posted once: a worker that reads
// its log again makes the same notifications again, and nobody is to be woken twice. And of what came
// of a notification the last word stands: "delivered" is why it is never sent again.
package outboxtest
