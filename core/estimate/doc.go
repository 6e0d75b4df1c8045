// Package estimate says how many there were when only a share was seen.
//
// Telemetry may be sampled before it comes here. Then each interaction carries a weight:
// how many it stands for. Interactions are easy: their weights add up ([Weights]).
// Customers are not: one who tried a hundred times is seen however little is kept, one who
// tried once is mostly missed, so that neither the number seen nor that number divided by
// the share is right. What is seen is a lower bound, always.
//
// Sampling decides over draws. A draw is one throw of the dice and all that is kept or lost by it: a
// trace with its interactions where traces are sampled, a session with all of its traces where the browser
// SDK samples sessions. What tells draws apart is the randomness that was thrown, which telemetry carries
// (felt.Interaction.Draw); an interaction whose draw is not known is taken for one of its own. Several
// tries of one customer in one draw say no more than one does: they were not kept independently. So
// customers are counted by the draws in which they were seen ([Crowd]), of whatever outcome is asked for,
// and the share is that of draws ([Draws]). Who has a draw that was not sampled (weight 1: of an app that
// sends all, or an error where errors are all kept) cannot have been missed, nor anybody like them:
// these are added, and the rest is said of the others.
//
// [Customers] estimates those who were missed from those who were hardly seen, as
// ecologists estimate species from a catch: many seen once and few seen twice betray many
// never seen. With f1 customers seen in one draw, f2 in two, n draws seen, and a share q of
// all draws kept, the number missed is
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
// It supposes that draws are kept independently of whose they are, each with about the same share.
// Sampling by trace does that, and so does sampling by session. It is off, and then mostly too low,
// as a lower bound may be:
//
//   - when customers differ in how many draws they have: the many who came once hide behind the
//     few who came a hundred times. Where everybody has equally many the interval covers the
//     truth 93 to 97 times in a hundred; where their number is a Poisson one with mean
//     four, and a hundredth is kept, the estimate is 16 % low and the interval covers in
//     75 of a hundred; with a fifth kept, 10 % and 18; a geometric number, a tenth kept: 28 % low,
//     and it hardly ever does (the test simulates these). With many draws each, mean thirty and a
//     tenth kept, nearly everybody is seen, and it is right;
//   - when whole customers are sampled: whoever was kept is not missed in part, so that the missing
//     leave no mark. Customers seen divided by the share is right then;
//   - when errors are sampled less than successes: the estimate for the failed ones uses their
//     own share and is right, the total mixes two shares.
//
// Buckets keep weights and sketches of customers, and no draws. What is answered from them says that it was
// sampled ([Beyond]) and gives the customers seen, as a lower bound, without an estimate.
//
// Pure functions of counts; the stores deliver the counts.
package estimate
