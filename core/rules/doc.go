// Package rules is the inventory: the journeys that earn a business its money, written
// as YAML, checked, and compiled into what the engine asks for every span.
//
// Text becomes a [Set] in three steps, and each tells all that is wrong, with its place
// and a way out, as a [Problem]:
//
//	parse    core/yaml makes a tree of the text; the tree is decoded strictly into the types of
//	         the schema ([Inventory], [Journey], [Step], ...). Their tags say what a file may hold, and
//	         are also what [Schema] and the reference in docs/inventory.md are made of.
//	check    what the parts mean together: does the step exist, can the journey end, can the
//	         rule ever be reached? [Checks] lists them; [Check] runs them for people, [Load] for the engine.
//	compile  defaults are filled in, expressions are compiled, rules are indexed.
//
// A set is asked in the order in which an event is judged. [Set.Select] lists the rules that an
// operation (service, span name, kind) can match at all, and is asked once for each; nearly
// always there is none, so an inventory of thousands of rules costs the spans that it does not
// want nothing. [Candidate.Holds] then looks at the event: status, duration, attributes. The
// name that comes of it, or that telemetry gave itself, leads to the steps ([Set.Steps]), and the
// first step rules on the outcome ([CompiledStep.Rule], [CompiledStep.Limits]). For people there
// are [Set.Near], which rule nearly held, and [Suggest], YAML that would map a name.
//
// Precedence is the order of files by name, of journeys in a file, of steps in a
// journey. Nothing here reads a clock or the world: the same text gives the same set.
package rules
