// Package fleet makes the traffic of thousands of series that behave as real ones do, and
// tells what the detectors make of it: whom they wake without a reason, and how long they
// take when there is one.
//
// A claim such as "at most one false page a week over 6,000 series" cannot be read off one
// stream. It takes a month of thousands of them, without a fault, so that every alarm is
// false by construction. A [Plan] is that month: each [Series] is drawn from the seed and
// its number alone, so that one of them can be looked at again without the others.
//
// # What real traffic does
//
// The volumes follow Zipf's law from two thousand a second to a few an hour. Each series
// has the shape of a day, of a weekend, and days that are better than others. Around that
// shape its level wanders for tens of minutes. Its shares wander too: that is what makes a
// plain binomial test wrong at volume. The sizes are those of a public stream of a real
// service, 1e5 to 1e6 tries a minute: the logarithm of its failed share deviates from the
// hour before by .125 beyond chance, mostly anew each minute, a smaller part for five to
// twenty minutes, with tails heavier than normal. Series differ in how restless they are.
// No share ever doubles by chance of this noise: what doubles a share is a fault.
//
// # What an ideal test would do
//
// A delay says nothing by itself: at two tries a minute nobody sees anything in ten
// seconds. So each fault is given to an [Ideal] test too, a CUSUM which knows what is
// usual, how restless the series is, when the fault begins and what it does, and which
// waits for as much evidence as the fleet's budget asks for. Who needs no more than twice
// its time learns almost as well as one who knows.
package fleet
