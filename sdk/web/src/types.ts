/**
 * The words of @felt/web. Nothing here runs; every other file agrees on these types.
 *
 * A *customer interaction* is one try at something that has value for the customer: log in, pay, upload.
 * It ends exactly once, with an {@link Outcome}, and leaves the browser as one OpenTelemetry span.
 */

/** How a try ended for the customer. `cancelled` (changed their mind) is outside of every rate. */
export type Outcome = 'success' | 'degraded' | 'failed' | 'abandoned' | 'cancelled'

/** A value of an attribute. Text is cut at 1 KB; NaN and infinities are dropped. */
export type AttributeValue =
	| string
	| number
	| boolean
	| readonly string[]
	| readonly number[]
	| readonly boolean[]
export type Attributes = { readonly [key: string]: AttributeValue | undefined }

/** `pending`: nothing is stored and nothing sent, both wait in memory; `denied`: nothing is stored, ids live as long as the page. */
export type Consent = 'granted' | 'pending' | 'denied'

export interface User {
	/** The customer's id as your back ends know it; hashed by Felt before anything is stored there. */
	id?: string
	/** The paying organisation, in B2B. */
	account?: string
	/** What the customer is split by: `{plan: 'pro', region: 'eu-west'}`; sent as `felt.segment.<key>`. */
	segment?: { readonly [key: string]: string }
}

/** What an error means for the customer. `expected` is a success with a reason: a declined card, a wrong password. */
export interface ErrorClass {
	outcome: 'failed' | 'degraded' | 'expected' | 'cancelled'
	/** A short word that groups: `card_declined`. Never the message. */
	reason?: string
}

export interface Options {
	/** Where OTLP over HTTP is taken, without `/v1/traces`: Felt's or a Collector's address. */
	endpoint: string
	/** The app (`service.namespace`): what the journeys of the inventory belong to. */
	app: string
	/** `service.name`; default `web`. */
	service?: string
	/** `service.version`: the release that evidence is split by. */
	release?: string
	/** `deployment.environment.name`; default: none sent, which Felt takes for production. */
	environment?: string
	/** An ingest key for browsers; sent as `Authorization: Bearer`. It can only write. */
	key?: string
	user?: User
	/** Default `granted`. */
	consent?: Consent
	/** Share of sessions whose interactions are sent, 0 to 1; default 1. Customers are then an estimate with an interval. */
	sampleRate?: number
	/** Share of traces that back ends are asked to record (the *sampled* flag), 0 to 1; default 0.1, and 1 where the page has OpenTelemetry of its own, whose traces must not become fewer. Interactions are sent all the same. */
	traceSampleRate?: number
	/** Other origins that get `traceparent` and `baggage`; the page's own always does. A string is an origin or a prefix of the URL. */
	propagateTo?: readonly (string | RegExp)[]
	/** The last word on attributes before they are sent: return what may leave; throw or return null and all of them are dropped. */
	redact?: (
		attributes: Record<string, AttributeValue>,
		what: 'interaction' | 'request' | 'event',
	) => Record<string, AttributeValue> | null
	/** What an error means; undefined: failed. */
	classifyError?: (error: unknown) => ErrorClass | undefined
	plugins?: readonly Plugin[]
	/** How long successes wait for others, in ms; default 10,000. Failures leave at once. */
	batchMs?: number
	/** Told of what goes wrong inside of the SDK, which never throws into the page. Default: silence. */
	debug?: (message: string, error?: unknown) => void
}

export interface InteractionOptions {
	/** The journey it belongs to, and the step of it (default: the interaction's name). */
	journey?: string
	step?: string
	/** Tells tries of one thing apart and joins them over queues and redirects: an order's id. */
	key?: string
	/** After so long without an end it is failed, reason `timeout`. Default: never. */
	timeoutMs?: number
	/** A success that took the customer longer (hidden time taken off) is degraded, reason `slow`, or failed, reason `too_slow`. */
	degradedMs?: number
	failedMs?: number
	attributes?: Attributes
	/** A route change ends it as abandoned. Default false: it lives through routes of one page. */
	abandonOnNavigation?: boolean
	/** Goes on after the page is left and come back to (a payment redirect): opening an interaction of the same name and key with `resume` continues the first one. */
	resume?: boolean
}

export interface StepOptions {
	/** Its failure makes the interaction degraded instead of failed. */
	optional?: boolean
	attributes?: Attributes
}

/** A part of an interaction. Ends once; a step that is open when its interaction ends ends with it. */
export interface Step {
	readonly name: string
	complete(): void
	degrade(reason: string): void
	/** A reason, or an error that {@link Options.classifyError} classifies. */
	fail(reason: unknown): void
	setAttributes(attributes: Attributes): Step
	readonly outcome: Outcome | undefined
}

/** The open try. Every method is safe at any time: after the end they do nothing. The first terminal call is final. */
export interface CustomerInteraction {
	readonly name: string
	step(name: string, options?: StepOptions): Step
	/** The customer (or the code for them) tries again; a success afterwards is degraded, reason `retried`. */
	retry(reason?: string): void
	/** Runs fn inside of this interaction: requests it makes synchronously are tied to it. What is thrown is recorded and thrown on; it does not end the interaction. */
	run<T>(fn: () => T): T
	setAttributes(attributes: Attributes): CustomerInteraction
	/** Puts a named moment on the span. At most 32. */
	event(name: string, attributes?: Attributes): void
	/** Puts an error's name on the span without ending it, each name once. Its message and stack stay in the page. */
	recordError(error: unknown): void
	complete(): void
	degrade(reason: string): void
	/** A reason, or an error that {@link Options.classifyError} classifies. */
	fail(reason: unknown): void
	abandon(reason?: string): void
	cancel(reason?: string): void
	/** Aborted when the interaction ends before it is complete; pass it to fetch. */
	readonly signal: AbortSignal
	/** W3C traceparent of the interaction's span, for requests that the network plugin does not see. */
	readonly traceparent: string
	readonly outcome: Outcome | undefined
}

/** What is told of an interaction that has ended. */
export interface Ended {
	name: string
	outcome: Outcome
	reason?: string
	/** Wall length and the part of it in which the page could be seen, in ms. */
	durationMs: number
	visibleMs: number
	traceId: string
	spanId: string
}

export interface Frustration {
	kind: 'rage' | 'dead' | 'error'
	/** `data-felt-name` of the element or its nearest parent that has one, else tag and id: never its text. */
	target: string
	clicks: number
	/** The open interaction it was tied to. */
	interaction?: string
}

/** What became of a request to the endpoint. Lost records are gone: the queue was full, or the server refused them for good. */
export interface Delivery {
	ok: boolean
	status: number
	records: number
	lost: number
	/** When it is tried again, in ms. */
	retryInMs?: number
}

export interface Events {
	end: Ended
	frustration: Frustration
	delivery: Delivery
}

export interface Felt {
	createCustomerInteraction(name: string, options?: InteractionOptions): CustomerInteraction
	/**
	 * Runs fn as an interaction: resolved is complete, thrown is classified. An answer of fetch with status 500 or
	 * above, 408 or 429 is failed, reason `http_500`. Result and error pass through.
	 */
	withCustomerInteraction<T>(
		name: string,
		fn: (interaction: CustomerInteraction) => T,
		options?: InteractionOptions,
	): T
	setUser(user: User | null): void
	setConsent(consent: 'granted' | 'denied'): void
	/** Returns what takes the callback off again. */
	on<K extends keyof Events>(event: K, callback: (value: Events[K]) => void): () => void
	/** Sends what waits; resolves when it was answered or given up for now. Never rejects. */
	flush(): Promise<void>
	/** Takes every listener off and sends what waits. Open interactions are abandoned, reason `shutdown`. */
	shutdown(): Promise<void>
}

/* ---- between the parts ---- */

/** A part that watches the page. Returns what takes it off again. A plugin that throws is left out. */
export type Plugin = (host: Host) => (() => void) | undefined

/** W3C ids as lower-case hex. */
export interface SpanContext {
	traceId: string
	spanId: string
	/** The propagated *sampled* flag; see {@link Options.traceSampleRate}. */
	sampled: boolean
	/** What is propagated as tracestate. */
	state?: string
}

/** The open interaction as plugins see it. */
export interface OpenInteraction extends CustomerInteraction {
	readonly context: SpanContext
	readonly journey: string | undefined
	readonly key: string | undefined
	readonly options: InteractionOptions
	/** What requests carry of it as baggage; see headers.ts. Names that end in `_` are private to the SDK. */
	readonly names_: { readonly [key: string]: string | undefined }
	/** Ends it because the page or the route was left: `slow_*` is told by the core. */
	leave(reason: 'page_hide' | 'navigation'): void
}

/** What the core gives to plugins. Nothing of it throws. */
export interface Host {
	readonly options: Options
	/** The interaction inside of which code runs now (run, withCustomerInteraction's synchronous part). */
	current(): OpenInteraction | undefined
	/** All that are open, oldest first. */
	open(): readonly OpenInteraction[]
	/** Opens an interaction. After shutdown it works, and is not sent. */
	create(name: string, options?: InteractionOptions): OpenInteraction
	/** Begins a span of a plugin's own; parent undefined: a trace of its own. End it with `host.emit`. */
	child(parent: SpanContext | undefined): SpanContext
	/** Hands a span or a log record over to be sent. Session, user and segment are added, redaction is done here. */
	emit(record: SpanRecord | LogRecord): void
	/** Tells subscribers of {@link Felt.on}. */
	tell<K extends keyof Events>(event: K, value: Events[K]): void
	/** Guarded: an exception goes to {@link Options.debug} and no further. */
	guard<A extends unknown[]>(fn: (...args: A) => void): (...args: A) => void
	debug(message: string, error?: unknown): void
	/** Milliseconds since 1970, never going back within one page. */
	now(): number
}

export interface SpanRecord {
	type: 'span'
	what: 'interaction' | 'request' | 'event'
	name: string
	/** OTLP: 1 internal, 3 client. */
	kind: 1 | 3
	context: SpanContext
	parentSpanId?: string
	/** `ot=th:…;rv:…` when the session is sampled. */
	traceState?: string
	startMs: number
	endMs: number
	attributes: Record<string, AttributeValue>
	events?: { name: string; timeMs: number; attributes?: Record<string, AttributeValue> }[]
	failed?: boolean
	/** Leaves now instead of with the next batch. */
	urgent?: boolean
}

export interface LogRecord {
	type: 'log'
	what: 'interaction' | 'request' | 'event'
	/** OTLP's event_name. */
	name: string
	timeMs: number
	context?: SpanContext
	traceState?: string
	/** OTLP: 9 info, 13 warn, 17 error. */
	severity: 9 | 13 | 17
	attributes: Record<string, AttributeValue>
	urgent?: boolean
}

/** What takes records to the endpoint. The core makes one; see transport.ts. */
export interface Transport {
	add(record: SpanRecord | LogRecord): void
	flush(): Promise<void>
	/** The page may be gone in a moment: what waits leaves with keepalive, as far as the budget reaches; the rest is stored. */
	hide(): void
	/** {@link Options.consent} has changed. */
	consent(): void
	close(): Promise<void>
}

/** What every record of one moment carries: session, installation, user, segments. See session.ts. */
export interface Identity {
	/** Attributes of the moment; touches the session (30 min idle, 4 h at most, shared by tabs). */
	attributes(): Record<string, AttributeValue>
	/** {@link Options.consent} has changed. */
	consent(): void
	/** Whether this session is sent at {@link Options.sampleRate}, by which threshold; and where not all are, its share of randomness: 56 bits as 14 hex digits. */
	sampling(): { rv: string | undefined; th: string | undefined; sent: boolean }
}
