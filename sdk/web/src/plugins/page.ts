/**
 * What the plugins share: listeners that are taken off again, and who is told of the page's requests.
 * Importing it does nothing, on a server too. Names that end in `_` are shortened by the build.
 */
import type { AttributeValue, Host, OpenInteraction, SpanContext } from '../types'

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

export function currentOf(host: Host): OpenInteraction | undefined {
	return host.open().find((open) => open === inside.now_) ?? host.current()
}

/** Not of the page: what browsers complain of without harm, extensions, what was cancelled on purpose. */
export function harmless(error: unknown, message: unknown, file?: string): boolean {
	return (
		/^ResizeObserver loop|-extension:|^AbortError/.test(`${(error as Error)?.name} ${file}`) ||
		/^ResizeObserver loop/.test(`${message}`)
	)
}

/** The elements of an event's way, innermost first, those in open shadow trees too. */
export function elementsOf(event: Event): Element[] {
	return event.composedPath().filter((node): node is Element => node instanceof Element)
}

export function log(
	host: Host,
	name: string,
	severity: 9 | 13 | 17,
	context: SpanContext | undefined,
	attributes: Record<string, AttributeValue>,
): void {
	host.emit({ type: 'log', what: 'event', name, timeMs: host.now(), context, severity, attributes })
}

/** Whether key is one too many: told before within a minute, or one of more than max. */
export function limiter(host: Host, max: number): (key: unknown) => boolean {
	let since = 0
	const told = new Set()
	return (key) => {
		if (host.now() - since > 60_000) {
			since = host.now()
			told.clear()
		}
		return told.size >= max || told.size === told.add(key).size
	}
}

/** Guarded listeners for space-separated types, in the capturing phase; off takes all of them off. */
export function listeners(host: Host) {
	const offs: (() => void)[] = []
	const on = (target: EventTarget | undefined, types: string, fn: (event: never) => void) => {
		const guarded = host.guard(fn) as (event: Event) => void
		for (const type of target ? types.split(' ') : []) {
			target!.addEventListener(type, guarded, true)
			offs.push(() => target!.removeEventListener(type, guarded, true))
		}
	}
	const off = () => {
		for (const off of offs.splice(0)) off()
	}
	return [on, off] as const
}
