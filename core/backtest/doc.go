// Package backtest judges a history that stands in plain CSV files.
package backtest
