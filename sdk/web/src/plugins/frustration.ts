/**
 * Clicks that tell of trouble, as log records `felt.frustration` tied to the open interaction:
 *
 * - **rage**: three clicks or more within a second on one place, of which two, and at least half, showed
 *   nothing before the next;
 * - **dead**: a click on what looks like a control, after which nothing happened for 2.5 s;
 * - **error**: a click with an uncaught error within a second.
 *
 * When in doubt it is none: a control that answers each click (an arrow, a stepper), text being selected, a link that
 * opens elsewhere or a drag are no frustration. Beyond the click itself, the page is watched only while a click waits
 * for its answer. Requests count as answers where the network plugin sees them.
 */
import type { Frustration, OpenInteraction, Plugin } from '../types'
import { currentOf, finder, listeners, log, onRequest, uncaught } from './page'

const RAGE_MS = 1000
const RAGE_CLICKS = 3
const RAGE_PX = 30
const DEAD_MS = 2500
const DRAG_PX = 10
/** Handlers that keep the page this long showed a dialog of the browser. */
const DIALOG_MS = 400

/** What is used by clicking much, answers inside of itself, or cannot be seen into. */
const OTHER =
	'input:not([type=submit],[type=button]),textarea,select,label,video,audio,canvas,iframe,object,[contenteditable],[role=slider],[role=spinbutton]'
const CONTROL = 'a[href],button,input,summary,[role=button]'
/** Its effect is elsewhere (another window, a mail, a download, a place on this page), by style alone, or not meant to be. */
const NO_ANSWER =
	'[aria-disabled=true],[aria-haspopup],[download],[target],[href^="#"]:not([href="#"]),[href*=":"]:not([href^=http])'

/** What the customer sees of an answer, beside changes of the document. */
const SEEN =
	'scroll input change copy toggle invalid focusin play pause blur hashchange fullscreenchange beforeunload'

interface Burst {
	element_: Element
	control_: boolean
	at_: MouseEvent
	times_: number[]
	/** Clicks that showed nothing before the next. */
	silent_: number
	/** What had been seen at the last click, what had happened at the first. */
	seen_?: number
	before_: number
	/** Told already, or nothing to tell of any more. */
	told_?: boolean
	tied_?: OpenInteraction | undefined
	target_: string
}

export function frustration(): Plugin {
	return (host) => {
		if (!globalThis.document) return
		const [on, off] = listeners(host)
		const [watch, unwatch] = listeners(host)
		let timers = 0
		let ended = false
		let last: Burst | undefined
		let press: MouseEvent | undefined
		let picked = ''

		// Counted while somebody waits for it. The SDK's own requests are not told of.
		let seen = 0
		let other = 0
		let waiting = 0
		const see = () => {
			seen++
		}
		const observer = new MutationObserver(see)
		const offRequests = onRequest(() => {
			other++
			if (!timers) return
			// One that a click began and that is still under way is an answer to the next click too.
			waiting++
			return () => {
				other++
				waiting--
			}
		})
		const rest = () => {
			unwatch()
			observer.disconnect()
		}
		const later = (fn: () => void, ms?: number) => {
			timers++
			setTimeout(
				host.guard(() => {
					if (!--timers) rest()
					if (!ended) fn()
				}),
				ms,
			)
		}

		const tell = ({ target_: target, times_, tied_ = currentOf(host) }: Burst, kind: Frustration['kind']) => {
			const clicks = times_.length
			log(host, 'felt.frustration', 13, tied_?.context, {
				'felt.frustration.kind': kind,
				'felt.frustration.target': target,
				'felt.frustration.clicks': clicks,
			})
			host.tell('frustration', { kind, target, clicks, interaction: tied_?.name })
		}
		const settle = (burst: Burst | undefined) => {
			if (last === burst) last = undefined
			if (!burst || burst.told_) return
			const { times_, silent_ } = burst
			// Who pages past the end clicks a few times for nothing.
			if (silent_ * 2 < times_.length) return
			if (!times_.some((time, i) => time - times_[i - RAGE_CLICKS + 1]! <= RAGE_MS)) return
			burst.told_ = true
			tell(burst, 'rage')
		}

		on('pointerdown', (event: PointerEvent) => {
			press = event
			picked = selection()
		})
		on('click', (event: MouseEvent) => {
			const find = finder(event)
			const text = selection()
			if (!event.isTrusted || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return
			// A key that is held down clicks many times, and nowhere.
			const byKey = !event.detail
			if ((text && text !== picked) || (press && !byKey && !near(press, event, DRAG_PX)) || find(OTHER))
				return settle(last)

			if (!timers) {
				for (const root of rootsOf(document))
					observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true })
				watch(SEEN, see)
				watch('navigate', see, (window as unknown as { navigation?: EventTarget }).navigation)
			}
			const now = host.now()
			const found = find(CONTROL)
			const element = found ?? find('*')!
			let burst = last
			if (burst?.element_ === element && !byKey && near(burst.at_, event, RAGE_PX)) {
				if (burst.seen_ === seen) burst.silent_++
			} else {
				settle(burst)
				last = burst = {
					element_: element,
					control_: !!found || getComputedStyle(element).cursor === 'pointer',
					at_: event,
					times_: [],
					silent_: 0,
					before_: seen + other,
					target_: (find('[data-felt-name]') as HTMLElement)?.dataset.feltName || nameOf(element),
				}
			}
			const current = burst
			const count = current.times_.push(now)
			current.seen_ = seen
			current.tied_ ??= currentOf(host)
			const before = document.getAnimations?.().length
			later(() => {
				// Handlers ran: the interaction that they opened is the one.
				current.tied_ ??= currentOf(host)
				if (host.now() - now > DIALOG_MS) other++
				// By style alone, or by an animation.
				if (document.getAnimations?.().length > before) see()
			})
			const ifLast = (fn: () => void, ms: number) => later(() => count === current.times_.length && fn(), ms)
			ifLast(() => settle(current), RAGE_MS)
			if (
				!current.control_ ||
				element.matches(NO_ANSWER) ||
				(element as HTMLAnchorElement).href === location.href
			)
				return
			ifLast(() => {
				const shown = selection()
				if (!waiting && seen + other === current.before_ && !current.told_ && (!shown || shown === text))
					tell(current, 'dead')
			}, DEAD_MS)
		})
		uncaught(on, (_error, _message, where) => {
			other++
			// From nowhere it is another origin's, which need not be the page's business.
			if (!last?.control_ || last.told_ || !where) return
			last.told_ = true
			tell(last, 'error')
		})
		on('pagehide', () => settle(last))
		return () => {
			ended = true
			off()
			offRequests()
			rest()
		}
	}
}

const near = (a: MouseEvent, b: MouseEvent, px: number) =>
	Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) <= px

const selection = () => `${document.getSelection()}`

/** Never text of the page. */
const nameOf = ({ localName, id }: Element) => (id ? `${localName}#${id}` : localName)

/** Observers do not see into shadow trees by themselves. */
function rootsOf(root: Document | ShadowRoot): Node[] {
	return [
		root,
		...[...root.querySelectorAll('*')].flatMap(({ shadowRoot }) => (shadowRoot ? rootsOf(shadowRoot) : [])),
	]
}
