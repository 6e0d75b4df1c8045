/** Whether the page can be seen, and for how long it could be. */
import type { Env } from './env'

/**
 * How long the page could be seen so far, in ms.
 * `hide`: it may be gone in a moment; `again`: it was told of this hide before. `leave` and `back`: as the cache of pages has it.
 */
export function watch(
	{ win, now, until }: Env,
	hide: (again: boolean) => void,
	leave: () => void,
	back: () => void,
): () => number {
	const doc = win?.document
	let told = false
	let sum = 0
	let since: number
	let hidden: boolean
	const seen = () => (hidden ? sum : sum + now() - since)
	const look = () => {
		sum = seen()
		since = now()
		hidden = doc?.visibilityState === 'hidden'
	}
	since = now()
	look()

	const turn = ({ type, persisted }: Pick<PageTransitionEvent, 'type' | 'persisted'>) => {
		const left = type === 'pagehide'
		look()
		if (left) leave()
		// Once per hide: a page that is left is hidden before or after.
		if (left || hidden) hide(told)
		told = left || hidden
		if (persisted && !left) back()
	}
	doc?.addEventListener('visibilitychange', turn as never, until)
	win?.addEventListener('pagehide', turn, until)
	win?.addEventListener('pageshow', turn, until)
	return seen
}
