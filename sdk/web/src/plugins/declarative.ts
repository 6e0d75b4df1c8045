/**
 * Interactions without code: `data-felt-interaction="pay"` on a form, a button or a link, with `data-felt-journey`,
 * `-step`, `-key`, `-timeout-ms`, `-degraded-ms` and `-on` (`click` or `submit`; default: `submit` for forms and their
 * submit buttons, else `click`).
 *
 * It begins at the event. Requests made while it is the current one belong to it (needs the network plugin):
 *
 * - all answered: complete in the frame after; with a 5xx failed (`http_5xx`), without an answer failed (`network`,
 *   `timeout`). A 4xx is an answer to the customer: complete, with the status as an attribute, by which the inventory
 *   may judge otherwise.
 * - none made: complete in the next settled frame.
 * - a handler that throws: failed with that error.
 * - the browser itself sends the form or follows the link: complete as the page gives way to the next one.
 *
 * The same element used again while it is open is the same try.
 */
import type { OpenInteraction, Plugin } from '../types'
import { type Answer, currentOf, finder, inside, listeners, onRequest, uncaught } from './page'

const DECLARED = '[data-felt-interaction]:not([data-felt-interaction=""],[aria-disabled=true])'
/** For the page to go on with an answer (read its body, ask the next) before the frame is taken for settled. */
const SETTLE_MS = 50
/** A way to another page that leads nowhere after so long was none: a download, a mail. */
const LEAVE_MS = 30_000

interface Declared {
	tried_: OpenInteraction
	waiting_: number
	/** The browser is on its way to the next page. */
	leaving_?: boolean
	wrong_?: unknown
}

export function declarative(): Plugin {
	return (host) => {
		if (!globalThis.document) return
		const [on, off] = listeners(host)
		const all = new Map<Element, Declared>()
		const of = (tried: OpenInteraction | undefined) =>
			[...all.values()].find(({ tried_ }) => tried_ === tried)
		const later = (fn: () => void, ms?: number) => setTimeout(host.guard(fn), ms)

		const settle = (declared: Declared) => {
			const { tried_ } = declared
			const end = host.guard(() => {
				if (!declared.waiting_ && !declared.leaving_)
					declared.wrong_ ? tried_.fail(declared.wrong_) : tried_.complete()
			})
			later(
				() => (document.hidden ? end() : requestAnimationFrame(() => requestAnimationFrame(end))),
				SETTLE_MS,
			)
		}
		on('click submit', (event: MouseEvent | SubmitEvent) => {
			const element = finder(event)(DECLARED, (element) => eventOf(element) === event.type)
			for (const [element, { tried_ }] of all) if (tried_.outcome) all.delete(element)
			if (!element || all.has(element)) return
			const text = (name: string) => element.getAttribute(`data-felt-${name}`) || undefined
			const length = (name: string) => Number(text(`${name}-ms`)) || undefined
			const tried = host.create(text('interaction')!, {
				journey: text('journey'),
				step: text('step'),
				key: text('key'),
				timeoutMs: length('timeout'),
				degradedMs: length('degraded'),
			})
			// Handlers run now; nothing settles before they have.
			const declared: Declared = { tried_: tried, waiting_: 1 }
			all.set(element, declared)
			inside.now_ = tried
			later(() => {
				if (inside.now_ === tried) inside.now_ = undefined
				declared.waiting_--
				settle(declared)
			})
		})
		uncaught(on, (error) => {
			const declared = of(currentOf(host))
			if (!declared) return
			declared.wrong_ ??= error ?? 'error'
			settle(declared)
		})
		on('beforeunload', () => {
			for (const declared of all.values())
				if (!declared.waiting_) {
					declared.leaving_ = true
					later(() => declared.tried_.cancel('stayed'), LEAVE_MS)
				}
		})
		// Capturing, so before the core's own listener, for which an open interaction is an abandoned one.
		on('pagehide', () => {
			for (const { tried_, leaving_ } of all.values())
				if (leaving_) navigator.onLine ? tried_.complete() : tried_.fail('network')
		})
		const offRequests = onRequest((tried) => {
			const declared = of(tried)
			if (!declared) return
			declared.waiting_++
			return (answer) => {
				declared.waiting_--
				declared.wrong_ ??= judge(declared.tried_, answer)
				settle(declared)
			}
		})
		return () => {
			off()
			offRequests()
			inside.now_ = undefined
		}
	}
}

/** The event at which an interaction of this element begins. */
function eventOf(element: Element): string {
	const { type, form, localName } = element as HTMLButtonElement
	const submits = localName === 'form' || (form && type === 'submit')
	return element.getAttribute('data-felt-on') || (submits ? 'submit' : 'click')
}

/** What is wrong with an answer, as `fail` takes it. */
function judge(tried: OpenInteraction, { status, error_ }: Answer): string | undefined {
	if (status > 399) tried.setAttributes({ 'http.response.status_code': status })
	return status > 499 ? 'http_5xx' : error_ === 'aborted' ? undefined : error_
}
