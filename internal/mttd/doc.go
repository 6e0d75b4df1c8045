// Command mttd measures how long it takes from the harm to the message: the mean time to detect, as
// customers would count it.
//
// A simulated world of hundreds of apps sends real OTLP to a real server over its socket. Faults of every
// kind strike one after the other, and the world knows whom each has hurt and when. A sink of the
// server's inventory is a webhook of this program. For each fault it takes the time from the twentieth
// customer hurt (failed, degraded, or missing) to the moment at which the webhook was called.
//
// # What could have been done
//
// A delay says nothing by itself: a fault that spoils two tries a minute is seen by nobody in ten
// seconds. So each fault is given to an ideal test too (ideal.go): a CUSUM that knows what was usual, what
// the fault does and when it began, and waits for as much evidence as the server does before it wakes
// somebody. The claim is about faults that this test sees in under half a minute.
//
// # What else is counted
//
// Faults that nobody was told of, incidents that belong to no fault, and second incidents of one fault.
// And whether the customers of each incident are those of the truth: who failed in its scopes from its
// first_bad until it was resolved, compared when the rows up to there are complete.
package main
