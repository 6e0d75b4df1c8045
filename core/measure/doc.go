// Package measure is stages 1 and 2 of the engine.
package measure
