// Package score ranks incidents by the harm they do to customers: one number from 0 to 100, and
// the parts it is made of.
//
//	score = 100 x v1^w1 x v2^w2 x ... x v6^w6        (w1 + ... + w6 = 1)
//
// a weighted geometric mean. A sum would let one part make up for another: a job that nobody needs
// could outrank the checkout by failing for everybody. In a product a part that is near 0 holds the
// whole down, and a part can be read as what it costs: a value of 0.5 and a weight of 0.25 take
// 16 % off, whatever the others are. That is why the Human Development Index went from the sum to
// the product in 2010, and why it is the usual mean of ratios.
//
// The parts, each above 0 and at most 1:
//
//	criticality  how much hangs on the journey, as its owners say
//	reach        the geometric mean of the share of the customers who came, and of the logarithm of
//	             how many they are: 20 of 20 matters, 20,000 of 1,000,000 too
//	stage        how far on the way to the goal the step is: there is more to lose at the end
//	duration     how long it lasts, on a logarithmic scale up to four hours: the first minutes count most
//	segment      what the customers who are hit are worth, by the values in the inventory
//	harm         what they suffer: to be lost weighs most, to be slowed down least
//
// What is not known lies in the middle, and the part says so: unknown is never good. The score grows
// with each input; it is made anew as long as the incident lasts, and never needs anything but the
// incident and the inventory.
package score
