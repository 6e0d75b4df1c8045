// Package rulestest tests inventories: it plays what customers do through the production
// engine, in made-up time, and compares the interactions and journeys that come out with
// what the author expects. A test is a YAML file beside the inventory:
//
//	tests:
//	  - name: a declined card is not our failure
//	    customers:
//	      - user: ann
//	        does:
//	          - {at: 0s, interaction: cart}
//	          - {at: 20s, span: {service: payment, name: POST /pay, kind: server, status: error,
//	                             attributes: {error.type: card_declined}}}
//	    expect:
//	      journeys:
//	        - {name: checkout, outcome: success, steps: {cart: success, pay: success}}
//
// Acts are turned into OTLP, packed by the door's code and given to an engine of one
// partition, tick by tick, until nothing is due any more: what a test says holds in
// production, because it is the same code. Lists under expect are complete: a row that no
// line expects fails the test, and so does a line that no row is.
//
// Several customers do the same one after the other (count, every), so that a case may have an outage;
// it then says which incidents it expects: of what, how many customers, how soon, and which sinks are
// told. An incident takes more than a handful of customers, and time: see until.
//
// [Run] is pure; who reads the files is the caller's business (felt test does).
package rulestest
