// Package route decides who is told of an incident, and who is not because of a silence or
// maintenance. It looks at the incident and the inventory, and at nothing else, so that the same incident is
// always told to the same sinks.
//
// It is the seam for policies: whoever asks gets names of sinks, and not how they were found.
package route
