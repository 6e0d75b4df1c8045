// Package estimate says how many there were when only a share was seen.
//
// Telemetry may be sampled before it comes here. Then each interaction carries a weight:
// how many it stands for. Interactions are easy: their weights add up ([Weights]).
// Customers are not: one who tried a hundred times is seen however little is kept, one who
// tried once is mostly missed, so that neither the number seen nor that number divided by
// the share is right. What is seen is a lower bound, always.
//
// [Customers] estimates those who were missed from those who were hardly seen, as
// ecologists estimate species from a catch: many seen once and few seen twice betray many
// never seen. With f1 customers seen once, f2 seen twice, n tries seen, and a share q of
// all tries kept, the number missed is
//
//	f0 = f1² / (2·f2·n/(n-1) + f1·q/(1-q))
//
// after Chao and Lin, "Nonparametric lower bounds for species richness and shared species
// richness under sampling without replacement" (Biometrics 68, 2012, 912-921). It knows
// the share, so that it goes to what was seen as the share goes to all, and, when nobody
// repeats, to the number seen divided by the share. When nobody was seen twice the bias-corrected
// form takes the place, which a single customer cannot blow up:
//
//	f0 = f1·(f1-1) / (2·n/(n-1) + f1·q/(1-q))
//
// The interval is Chao's (Biometrics 43, 1987): log-normal around f0, with the number seen
// as its lower end when nothing says more, and the variance of the delta method. Where f0 is
// next to nothing because hardly anybody was seen once, or where nobody was seen twice,
// a normal law says too little; the upper end then is what the formula gives for as many seen
// once as a Poisson law still allows (97.5 %), and nobody repeating.
//
// # When it is off
//
// It supposes that tries are kept independently of whose they are, each with about the
// same share. Sampling by trace does that. It is off, and then mostly too low, as a lower
// bound may be:
//
//   - when customers differ in how often they try: the many who tried once hide behind the
//     few who tried a hundred times. Where everybody tries equally often the interval covers the
//     truth 93 to 97 times in a hundred; where the number of tries is a Poisson one with mean
//     four, and a hundredth is kept, the estimate is 16 % low and the interval covers in
//     75 of a hundred; a geometric number, a tenth kept: 28 % low, and it hardly ever does
//     (the test simulates these);
//   - when whole customers or sessions are sampled instead of traces: nobody who was kept
//     is missed in part, so that the missing leave no mark. Customers seen divided by the
//     share is right then;
//   - when errors are kept more often than successes: the estimate for the failed ones uses their
//     own share and is right, the total mixes two shares.
//
// Pure functions of counts; the stores deliver the counts.
package estimate
