/**
 * Ties requests to interactions. Where the page has its own OpenTelemetry that traces a request, the call only
 * runs inside of the interaction, so that the page's span becomes its child: no second span, no second header.
 * Elsewhere the plugin makes the span of kind CLIENT and writes `traceparent`, `tracestate` and `baggage`.
 *
 * Requests outside of interactions are left as they are.
 */
import { hostTraces } from '../context'
import type { AttributeValue, Host, OpenInteraction, Plugin } from '../types'
import { type Answer, currentOf, requested } from './page'

// biome-ignore lint/suspicious/noExplicitAny: stands for whatever function of the page is wrapped
type Fn = (this: any, ...args: any[]) => any
type Layer = Fn & { [MARK]?: Set<Host>; __original?: Layer; __unwrap?: unknown; __sentry_original__?: Layer }
type Around = (self: object, args: unknown[], lower: Fn, traced: boolean) => unknown

/** On our own functions, so that a second copy of this SDK joins the first instead of wrapping again. */
const MARK: unique symbol = /* @__PURE__ */ Symbol.for('felt.network') as never

function seek(fn: Layer | undefined, wanted: (fn: Layer) => unknown): Layer | undefined {
	for (let depth = 0; fn && depth < 20; depth++) {
		if (wanted(fn)) return fn
		fn = fn.__original ?? fn.__sentry_original__
	}
	return
}

/** Whether the page's own OpenTelemetry makes a span of each call of fn: its API is registered, its wrapper in place. */
const traces = (fn: Layer) => hostTraces() && !!seek(fn, (fn) => fn.__original && fn.__unwrap)

/** Puts around over owner[name]. What it returns takes it off: false where somebody else's wrapper is above. */
function wrap(owner: Record<string, Layer>, name: string, hosts: Set<Host>, around: Around): () => boolean {
	let top: Layer
	let below: Layer
	const put = () => {
		const lower = owner[name]!
		const layer: Layer = function (...args) {
			const above = owner[name]!
			if (layer === top && hosts.size) {
				if (above === layer || !traces(above)) return around(this, args, lower, traces(lower))
				// The page's OpenTelemetry came after us: from above it could not see the interaction.
				put()
			}
			return lower.apply(this, args)
		}
		layer[MARK] = hosts
		owner[name] = top = layer
		below = lower
	}
	put()
	return () => {
		if (owner[name] !== top) return false
		owner[name] = below
		return true
	}
}

/** What this copy has put in place, and the instances that it works for. */
const own = /* @__PURE__ */ new Set<Host>()
const placed: Record<string, () => boolean> = {}

export function network(): Plugin {
	return (host) => {
		const page = globalThis as unknown as {
			fetch?: Layer
			XMLHttpRequest?: { prototype: Record<string, Layer> }
		}
		const xhr = page.XMLHttpRequest?.prototype
		const hosts = seek(page.fetch ?? xhr?.send, (fn) => fn[MARK])?.[MARK] ?? own
		hosts.add(host)
		const place = host.guard((owner: object, name: string, around: Around) => {
			placed[name] ??= wrap(owner as never, name, own, around)
		})
		if (hosts === own) {
			if (page.fetch) place(page, 'fetch', aroundFetch)
			if (xhr) for (const name in aroundXHR) place(xhr, name, aroundXHR[name]!)
		}
		return () => {
			hosts.delete(host)
			// Under somebody else's wrapper ours stays, doing nothing: theirs would be lost with it.
			if (!own.size) for (const name in placed) if (placed[name]!()) delete placed[name]
		}
	}
}

type Call = [
	tied: OpenInteraction | undefined,
	end: (answer: Answer) => void,
	headers?: Record<string, string>,
]

/** Undefined: none of ours to look at. Without headers: not tied, or traced by the page itself, or another's origin. */
function begin(address: string, method: string, traced: boolean, signal?: unknown): Call | undefined {
	const url = new URL(address, document.baseURI)
	if (!/^http/.test(url.protocol)) return
	let host: Host | undefined
	let tied: OpenInteraction | undefined
	for (host of own) {
		if (host.isOwn(url.href)) return
		tied = currentOf(host) ?? (signal ? host.open().find((open) => open.signal === signal) : undefined)
		if (tied) break
	}
	const told = requested(tied)
	if (!host || !tied || traced) return [tied, told]
	return tiedCall(host, tied, told, url, method)
}

function tiedCall(host: Host, tied: OpenInteraction, told: Call[1], url: URL, method: string): Call {
	const context = host.child(tied.context)
	const startMs = host.now()
	const name = method.toUpperCase()
	const attributes: Record<string, AttributeValue> = {
		'http.request.method': name,
		'url.full': url.origin + url.pathname,
		'server.address': url.hostname,
	}
	const end = host.guard((answer: Answer) => {
		const { status, error_ } = answer
		if (status) attributes['http.response.status_code'] = status
		else if (!error_) attributes['felt.request.opaque'] = true
		const wrong = error_ ?? (status > 399 ? `${status}` : '')
		if (wrong) attributes['error.type'] = wrong
		host.emit({
			type: 'span',
			what: 'request',
			name,
			kind: 3,
			context,
			parentSpanId: tied.context.spanId,
			startMs,
			endMs: host.now(),
			attributes,
			// What the page itself took back is nobody's fault.
			failed: !!wrong && wrong !== 'aborted',
		})
		told(answer)
	})
	return [tied, end, propagates(host, url) ? tied.headers(context) : undefined]
}

/** Headers elsewhere would make the browser ask for leave first (a CORS preflight), which servers refuse. */
function propagates({ options }: Host, { origin, href }: URL): boolean {
	return [location.origin, ...(options.propagateTo ?? [])].some((allowed) =>
		typeof allowed === 'string'
			? // The origins must agree: "https://api.shop" is no prefix of "https://api.shop.evil".
				href.startsWith(allowed) && new URL(allowed).origin === origin
			: href.search(allowed) >= 0,
	)
}

/** Baggage adds up. A trace that the page wrote itself stays. */
function addTo(
	has: unknown,
	headers: Record<string, string>,
	put: (name: string, value: string) => void,
): void {
	for (const name in headers) if (!has || name === 'baggage') put(name, headers[name]!)
}

const guarded = (fn: () => void) => {
	for (const host of own) return host.guard(fn)()
}

const aroundFetch: Around = (self, args, lower, traced) => {
	let call: Call | undefined
	let signal: AbortSignal | null | undefined
	guarded(() => {
		const [input, init] = args as Parameters<typeof fetch>
		const request = (input as Request).url ? (input as Request) : undefined
		signal = (init ?? request)?.signal ?? request?.signal
		call = begin(request?.url ?? `${input}`, init?.method ?? request?.method ?? 'GET', traced, signal)
		if (call?.[2]) args = withHeaders(input, init, call[2])
	})
	const go = () => lower.apply(self, args)
	if (!call) return go()
	const [tied, end] = call
	const answer = traced && tied ? tied.run(go) : go()
	// What is returned is the later promise: a rejection that nobody takes is still told to the page.
	return (
		answer?.then?.(
			(response: Response) => {
				end({ status: response.status })
				return response
			},
			(error: unknown) => {
				const why = `${(signal?.aborted ? (signal.reason as Error) : (error as Error))?.name}`
				const aborted = signal?.aborted || why === 'AbortError'
				end({ status: 0, error_: why === 'TimeoutError' ? 'timeout' : aborted ? 'aborted' : 'network' })
				throw error
			},
		) ?? answer
	)
}

/** Arguments of fetch with headers added. Nothing of the page's is changed; bodies are not touched. */
function withHeaders(input: RequestInfo | URL, init: RequestInit | undefined, add: Record<string, string>) {
	// A Request is copied as fetch itself would; an init that is no plain object can be taken in by a Request only.
	const copy =
		(input as Request).url || (init && init.constructor !== Object && init.constructor)
			? new Request(input, init)
			: undefined
	const headers = copy?.headers ?? new Headers(init?.headers)
	addTo(headers.has('traceparent'), add, (name, value) => headers.append(name, value))
	return copy ? [copy] : [input, { ...init, headers }]
}

const requests = /* @__PURE__ */ new WeakMap<object, { url_: string; method_: string; parent_?: boolean }>()

const aroundXHR: Record<string, Around> = {
	open(self, args, lower, traced) {
		requests.set(self, { method_: `${args[0]}`, url_: `${args[1]}` })
		let tied: OpenInteraction | undefined
		for (const host of own) tied ??= currentOf(host)
		const go = () => lower.apply(self, args)
		return traced && tied ? tied.run(go) : go()
	},
	setRequestHeader(self, args, lower) {
		const request = requests.get(self)
		if (request && /^traceparent$/i.test(`${args[0]}`)) request.parent_ = true
		return lower.apply(self, args)
	},
	send(self, args, lower, traced) {
		const xhr = self as XMLHttpRequest
		const go = () => lower.apply(self, args)
		let call: Call | undefined
		guarded(() => {
			const { url_, method_, parent_ } = requests.get(xhr)!
			call = begin(url_, method_, traced)
			if (!call) return
			const [, end, headers] = call
			addTo(parent_, headers ?? {}, (name, value) => xhr.setRequestHeader(name, value))
			let error_: Answer['error_']
			const done = ({ type }: Event) => {
				if (type === 'error') error_ = 'network'
				if (type === 'timeout') error_ = type
				if (type === 'abort') error_ = 'aborted'
				if (type === 'loadend') end({ status: xhr.status, error_ })
			}
			for (const type of ['error', 'timeout', 'abort', 'loadend'])
				xhr.addEventListener(type, done, { once: true })
		})
		return traced && call?.[0] ? call[0].run(go) : go()
	},
}
