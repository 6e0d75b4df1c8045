// Package app is the only place where the parts of Felt meet: it opens a data
// directory, starts the door, the worker, the store and the API in the right order,
// and stops them in the reverse one.
//
//	a, err := app.New(ctx, cfg) // everything is open, listeners are bound, nothing served yet
//	err = a.Run(ctx)            // serves until ctx ends or a part fails for good
//	err = a.Close()             // flushes and gives everything back
//
// A process may hold several Apps, each with a data directory of its own: nothing is
// global.
//
// # The data directory
//
//	felt.json   what was decided when the directory was made: clock, partitions; the settings last used
//	key.json    the secret key of the customers' hashes, with its id (mode 0600): lose it and old
//	            customers cannot be joined with new ones; publish it and hashes can be guessed
//	log/        the telemetry log
//	snapshots/  the engine's state
//	felt.duckdb the rows
package app
