/**
 * Ties requests to interactions. Where the page has its own OpenTelemetry that traces a request, the call only
 * runs inside of the interaction, so that the page's span becomes its child: no second span, no second header.
 * Elsewhere the plugin makes the span of kind CLIENT and writes `traceparent`, `tracestate` and `baggage`.
 *
 * Requests outside of interactions are left as they are.
 */
import { below, hostTraces, type Wrapped } from '../context'
import { headersOf } from '../headers'
import { addressOf } from '../transport'
import type { AttributeValue, Host, OpenInteraction, Options, Plugin } from '../types'
import { type Answer, currentOf, requested } from './page'

// biome-ignore lint/suspicious/noExplicitAny: stands for whatever function of the page is wrapped
type Layer = ((this: any, ...args: any[]) => any) & Wrapped & { __unwrap?: unknown }
type Around = (self: object, args: unknown[], lower: Layer, traced: boolean) => unknown

/** Whether the page's own OpenTelemetry makes a span of each call of fn: its API is registered, its wrapper in place. */
function traces(fn: Layer | undefined): boolean {
	for (let n = 9; n-- && fn && hostTraces(); fn = below(fn)) if (fn.__unwrap) return true
	return false
}

/** The instance that is served, and how to take off what is in place. One of each in a page, whatever happens. */
let host: Host | undefined
const placed: Record<string, () => boolean> = {}

/** Puts around over owner[name]. */
function place(owner: Record<string, Layer>, name: string, around: Around): void {
	let top: Layer
	let below: Layer
	const put = () => {
		const lower = owner[name]!
		const layer = function (this: object, ...args: unknown[]) {
			const above = owner[name]!
			if (layer === top && host) {
				if (above === layer || !traces(above)) return around(this, args, lower, traces(lower))
				// The page's OpenTelemetry came after us: from above it could not see the interaction.
				put()
			}
			return lower.apply(this, args)
		} as Layer
		owner[name] = top = layer
		below = lower
	}
	put()
	// Under somebody else's wrapper ours stays, doing nothing: theirs would be lost with it.
	placed[name] = () => {
		if (owner[name] !== top) return false
		owner[name] = below
		return true
	}
}

export function network(): Plugin {
	return (served) => {
		if (!globalThis.document) return
		host = served
		const page = globalThis as unknown as Record<string, Layer> & { XMLHttpRequest?: { prototype: object } }
		const all = { fetch: aroundFetch, ...aroundXHR }
		for (const name in all)
			served.guard(() => {
				const owner = (name === 'fetch' ? page : page.XMLHttpRequest?.prototype) as typeof page
				if (!placed[name] && owner?.[name]) place(owner, name, all[name as 'fetch'])
			})()
		return () => {
			if (host === served) host = undefined
			for (const name in placed) if (!host && placed[name]!()) delete placed[name]
		}
	}
}

/** Tells the SDK's own requests from the page's. Throws for what is no address. */
export const isOwn = (options: Options, href: string, base = document.baseURI) =>
	['logs', 'traces'].some((signal) => href === new URL(addressOf(options) + signal, base).href)

type Call = [
	tied: OpenInteraction | undefined,
	end: (answer: Answer) => void,
	headers?: Record<string, string>,
]

/** Undefined: none of ours to look at. Without headers: not tied, or traced by the page itself, or another's origin. */
function begin(address: string, method: string, traced: boolean, signal?: unknown): Call | undefined {
	const { origin, pathname, href, hostname } = new URL(address, document.baseURI)
	const { child, now, emit, options } = host!
	if (!/^http/.test(href) || isOwn(options, href)) return
	const tied = currentOf(host!) ?? (signal ? host!.open().find((open) => open.signal === signal) : undefined)
	const told = requested(tied)
	if (!tied || traced) return [tied, told]

	const context = child(tied.context)
	const startMs = now()
	const name = method.toUpperCase()
	const attributes: Record<string, AttributeValue> = {
		'http.request.method': name,
		'url.full': origin + pathname,
		'server.address': hostname,
	}
	const end = host!.guard((answer: Answer) => {
		const { status, error_ } = answer
		if (status) attributes['http.response.status_code'] = status
		else if (!error_) attributes['felt.request.opaque'] = true
		const wrong = error_ ?? (status > 399 && `${status}`)
		if (wrong) attributes['error.type'] = wrong
		emit({
			type: 'span',
			what: 'request',
			name,
			kind: 3,
			context,
			parentSpanId: tied.context.spanId,
			startMs,
			endMs: now(),
			attributes,
			// What the page itself took back is nobody's fault.
			failed: !!wrong && wrong !== 'aborted',
		})
		told(answer)
	})
	// Headers elsewhere would make the browser ask for leave first (a CORS preflight), which servers refuse.
	const propagates = [location.origin, ...(options.propagateTo ?? [])].some((allowed) =>
		typeof allowed === 'string'
			? // The origins must agree: "https://api.shop" is no prefix of "https://api.shop.evil".
				href.startsWith(allowed) && new URL(allowed).origin === origin
			: href.search(allowed) >= 0,
	)
	return [tied, end, propagates ? headersOf(tied, context) : undefined]
}

/** Baggage adds up. A trace that the page wrote itself stays. */
function addTo(
	has: unknown,
	headers: Record<string, string>,
	put: (name: string, value: string) => void,
): void {
	for (const name in headers) if (!has || name === 'baggage') put(name, headers[name]!)
}

/** Runs the call: inside of the interaction where the page traces it, which makes it a child of that. */
function go(self: object, args: unknown[], lower: Layer, traced: boolean, tied: OpenInteraction | undefined) {
	const call = () => lower.apply(self, args)
	return traced && tied ? tied.run(call) : call()
}

const aroundFetch: Around = (self, args, lower, traced) => {
	let call: Call | undefined
	let signal: AbortSignal | null | undefined
	host!.guard(() => {
		const [input, init] = args as Parameters<typeof fetch>
		const request = (input as Request).url ? (input as Request) : undefined
		signal = init?.signal ?? request?.signal
		call = begin(request?.url ?? `${input}`, init?.method ?? request?.method ?? 'GET', traced, signal)
		if (call?.[2]) args = withHeaders(input, init, call[2])
	})()
	const answer = go(self, args, lower, traced, call?.[0])
	// What is returned is the later promise: a rejection that nobody takes is still told to the page.
	return call && answer?.then
		? answer.then(
				(response: Response) => {
					call![1]({ status: response.status })
					return response
				},
				(error: unknown) => {
					const why = ((signal?.aborted ? signal.reason : error) as Error | undefined)?.name
					const aborted = signal?.aborted || why === 'AbortError'
					call![1]({
						status: 0,
						error_: why === 'TimeoutError' ? 'timeout' : aborted ? 'aborted' : 'network',
					})
					throw error
				},
			)
		: answer
}

/** Arguments of fetch with headers added. Nothing of the page's is changed; what init inherits counts; bodies are not touched. */
function withHeaders(input: RequestInfo | URL, init: RequestInit | undefined, add: Record<string, string>) {
	// A Request is copied as fetch itself would.
	const copy = (input as Request).url ? new Request(input, init) : undefined
	const headers = copy?.headers ?? new Headers(init?.headers)
	addTo(headers.has('traceparent'), add, (name, value) => headers.append(name, value))
	return copy ? [copy] : [input, { __proto__: init, ...init, headers }]
}

const requests = /* @__PURE__ */ new WeakMap<object, { url_: string; method_: string; parent_?: boolean }>()
const ERRORS: Record<string, Answer['error_']> = {
	error: 'network',
	timeout: 'timeout',
	abort: 'aborted',
	loadend: undefined,
}

const aroundXHR: Record<string, Around> = {
	open(self, args, lower, traced) {
		requests.set(self, { method_: `${args[0]}`, url_: `${args[1]}` })
		return go(self, args, lower, traced, currentOf(host!))
	},
	setRequestHeader(self, args, lower) {
		const request = requests.get(self)
		if (request && /^traceparent$/i.test(`${args[0]}`)) request.parent_ = true
		return lower.apply(self, args)
	},
	send(self, args, lower, traced) {
		const xhr = self as XMLHttpRequest
		let call: Call | undefined
		host!.guard(() => {
			const { url_, method_, parent_ } = requests.get(xhr)!
			call = begin(url_, method_, traced)
			if (!call) return
			const [, end, headers] = call
			addTo(parent_, headers ?? {}, (name, value) => xhr.setRequestHeader(name, value))
			let error_: Answer['error_']
			for (const type in ERRORS)
				xhr.addEventListener(
					type,
					() => {
						error_ ??= ERRORS[type]
						if (type === 'loadend') end({ status: xhr.status, error_ })
					},
					{ once: true },
				)
		})()
		return go(self, args, lower, traced, call?.[0])
	},
}
