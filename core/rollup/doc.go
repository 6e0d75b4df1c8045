// Package rollup makes coarse rows of fine ones, and says which rows answer a question.
//
// # Why coarse rows
//
// "How did we do this year?" cannot be asked of interactions, which are kept for a month,
// nor of rows of ten seconds, of which there are three million in a year for each thing that
// people do. An hour of it is one row: counts add up, and sketches of customers unite
// without counting anybody twice ([Sum]). So an hour is made of its tens of seconds and a
// day of its hours, and the fine rows may go.
//
// # By segment
//
// "And for customers of plan pro?" Rows for each value of each segment key would be more
// than the interactions they sum, if they were as fine. They are made for hours and days
// only, from the interactions, and for so many values of a key only: the first that come
// ([Admitted]). All further ones are [Other]. Who came first does not change any more, or a
// line in a chart would change its meaning from one day to the next.
//
// # When
//
// What comes late changes a window that was made. Until the window is made again its
// coarse rows are stale, and no answer is made of them. A busy system gets a few late rows
// for every hour of yesterday each minute, so a window is made again after ever longer waits
// ([Due]): about ten times in all.
//
// # Which rows answer
//
// A coarse row and the fine ones it was made of must never be counted together. [Plan]
// cuts a window into pieces, each answered from the rows of one width: days where whole days
// lie inside, hours and minutes around them, interactions at the edges.
//
// The stores keep the rows and share what is here, so that all give the same numbers.
package rollup
