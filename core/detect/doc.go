// Package detect decides which tests run on which series, and makes findings of what they say.
//
// A test knows numbers: so many of so many, window after window. This package knows what they
// are numbers of. Every ten seconds it counts what became known of every series, gives the
// counts to the tests of packages cusum, slo and forecast, and where one of them speaks it opens
// a finding: what, where, since when, how many of how many, against what, how sure, in one
// sentence. A [Line] is all tests on one series' counts, without the rest: a table of numbers is
// judged by the very same code.
//
// # By arrival, by customers
//
// Browsers send failures at once and successes in batches of ten seconds, so a fresh window of
// event time looks all failed. Judged is therefore what became known in the last ten seconds,
// whenever it happened; what had ended long before it arrived is left out by the caller. In a
// window a customer counts once, by the worst that happened to them: one who tries ten thousand
// times is one. And a finding needs a few different customers since its evidence began
// ([felt.Settings.FloorClients]), so that one customer who keeps failing is not the news.
//
// # What is judged
//
// Of each series: the share that fails, that is degraded, that leaves, that waits longer than its
// journey promises, that waits longer than nine of ten used to; how many come; and of a later
// step of a journey, how many come of those who made the step before. Of each journey's
// objectives: how fast the error budget burns. Of signals and KPIs: whether they leave their
// band, and whether they are about to reach their limit. Those corroborate, and never page.
//
// Of each value of a segment (a region, a release): the share that fails, by a light test. The
// average of all hides a region of one per cent of the traffic in which everything fails.
// Values are admitted first come, so many of each key in each series; further ones are "other".
// When the whole is judged worse too, there is one finding, of the whole, that names the values
// that stand out.
//
// Of an app with several steps all tries together: what fails here and there in twenty quiet
// interactions is plain in their sum, long before one of them could tell. It speaks when none of them
// does.
//
// # Before anything is known
//
// A new series is held against its journey's objective, else against its journey's share, else
// against that of its app, its environment, and at last against what ships. What it shows itself
// takes over as it comes.
//
// # Nobody comes, or nothing
//
// When a series loses its customers, its source (the service that sent its interactions) is
// asked: was anything at all heard from it? If it was, customers have stopped coming: a drop. If
// nothing was, for half a minute, from a source that used to be heard all the time, then what
// customers do is not known, and the finding says that: silent. It is one finding for all series
// of the source. A log whose clock stood still, because the server did, is neither.
//
// When nothing comes from any service of an app, however little it has to say, the app is found silent,
// and that is of paging class: two minutes, or three of its usual pauses, after the last sign of life.
// Who is silent at night or between two runs is not missed; see voice.
//
// # When to wake somebody
//
// A finding opens at the same evidence for every series. It is of paging class when its evidence
// would, over the whole fleet, be reached by chance no more often than [felt.Settings.FalsePages]
// allows. More series mean more evidence needed; the number is looked at every ten minutes and
// rounded up to a power of two, so that the threshold moves rarely.
//
// # How much is held
//
// Of a line some kilobytes, of a segment value about a hundred bytes, both bounded in number. Of
// tries the present window, and the last minutes in a bounded list, from which an incident takes
// its first customers.
package detect
