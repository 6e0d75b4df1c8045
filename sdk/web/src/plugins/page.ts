/**
 * What the plugins share: listeners that are taken off again, and who is told of the page's requests.
 * Importing it does nothing, on a server too. Names that end in `_` are shortened by the build.
 */
import type { Attributes, AttributeValue, Host, OpenInteraction, SpanContext } from '../types'

/** How a request ended: its status (0: none, or hidden from the page), and what went wrong without one. */
export interface Answer {
	status: number
	error_?: 'network' | 'timeout' | 'aborted'
}

type Watcher = (tied: OpenInteraction | undefined) => ((answer: Answer) => void) | undefined

const watchers = /* @__PURE__ */ new Set<Watcher>()

/** Tells watcher of every request of the page as it begins; what it returns is told the answer. */
export function onRequest(watcher: Watcher): () => void {
	watchers.add(watcher)
	return () => watchers.delete(watcher)
}

/** Told by the network plugin. */
export function requested(tied: OpenInteraction | undefined): (answer: Answer) => void {
	const ends = [...watchers].map((watcher) => watcher(tied))
	return (answer) => {
		for (const end of ends) end?.(answer)
	}
}

/** The declared interaction inside of whose event the page's handlers run now: it goes before all others. */
export const inside: { now_?: OpenInteraction } = {}

/** What belongs to the moment: the declared one, that inside of which code runs, else the only open one. */
export function currentOf(host: Host): OpenInteraction | undefined {
	const open = host.open()
	return open.find((open) => open === inside.now_) ?? host.current() ?? (open[1] ? undefined : open[0])
}

/** Tells of errors that nobody caught, but for what is harmless: complaints of browsers, extensions, what was cancelled. */
export function uncaught(on: On, tell: (error: unknown, message: string, where: string) => void): void {
	const filtered: typeof tell = (error, message, where) => {
		if (!/ResizeObserver loop|AbortError|-extension:/.test(`${(error as Error)?.name} ${message} ${where}`))
			tell(error, message, where)
	}
	on('error', ({ error, message, filename, lineno, colno, target }: ErrorEvent) => {
		// What could not be loaded (an image, a script) is told by its element.
		if (!(target as Node | null)?.nodeType)
			filtered(error, message, filename && `@${filename}:${lineno}:${colno}`)
	})
	on('unhandledrejection', ({ reason }: PromiseRejectionEvent) =>
		// Of what is neither an error nor a text, only that it was thrown.
		filtered(reason ?? 'rejected', typeof reason === 'string' ? reason : 'rejected', '-'),
	)
}

/** The first that the selector matches: of what submitted a form, then on the event's way, out of open shadow trees too. */
export function finder(
	event: Event,
): (selector: string, also?: (element: Element) => boolean) => Element | undefined {
	const path = [(event as SubmitEvent).submitter, ...event.composedPath()] as Element[]
	return (selector, also) => path.find((element) => element?.matches?.(selector) && (!also || also(element)))
}

export function log(
	host: Host,
	name: string,
	severity: 9 | 13 | 17,
	context: SpanContext | undefined,
	attributes: Attributes,
): void {
	host.emit({
		type: 'log',
		what: 'event',
		name,
		timeMs: host.now(),
		context,
		severity,
		attributes: attributes as Record<string, AttributeValue>,
	})
}

/** Whether key is one too many: told before within a minute, or one of more than max. */
export function limiter(host: Host, max: number): (key: unknown) => boolean {
	let minute = 0
	const told = new Set()
	return (key) => {
		const now = (host.now() / 60_000) | 0
		if (now !== minute) told.clear()
		minute = now
		return told.size >= max || told.size === told.add(key).size
	}
}

type On = (types: string, fn: (event: never) => void, target?: EventTarget) => void
/** Guarded listeners for space-separated types, in the capturing phase, of the window unless told; off takes all of them off, and more may follow. */
export function listeners(host: Host) {
	let until = new AbortController()
	const on: On = (types, fn, target = globalThis.window) => {
		for (const type of types.split(' '))
			target?.addEventListener(type, host.guard(fn) as (event: Event) => void, {
				capture: true,
				signal: until.signal,
			})
	}
	const off = () => {
		until.abort()
		until = new AbortController()
	}
	return [on, off] as const
}
