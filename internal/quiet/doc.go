// Command quiet counts the incidents of a month in which nothing goes wrong.
//
// A simulated world of shops, a hosting platform and a fleet of apps lives for thirty days, and every
// second what it sends goes through the door's [otlp.Packer] into the engine, as it would live: spans,
// logs and metrics, by the clock of a wall that is only counted. There is no server and no store, so
// that a month takes minutes. The inventory is that of the examples, with all of its journeys,
// objectives, signals and KPIs, and one journey for every five interactions of the fleet. Whatever
// incident opens is false by construction, and is listed with its sentence and the findings that made it.
//
// # What a calm month has
//
// Calm is not even. There are days, nights and weekends; failures come in bursts (the binomial z of a
// minute has a standard deviation of 2.3, where there is enough traffic); customers try again, go back,
// leave, or come as bots. There are releases that break nothing, at once or for some of the customers, and
// are told or only seen in telemetry; campaigns that bring twice as many customers within minutes and let
// them go again; a launch from which on there are more; telemetry that comes late and twice; clocks that
// are off. Customers are harmed by none of these: see plan.go.
//
// # What is counted
//
// Every time that an incident opens, or opens again: one that stays open for a month, and swallows whatever
// comes, is not quiet either, so the time that incidents were open is told too. Findings below paging class
// are no incidents. They are counted by kind, since people see them.
package main
