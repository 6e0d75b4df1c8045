/** Whether the page can be seen, and for how long it could be. */
import type { Env } from './env'

export interface Watch {
	/** How long the page could be seen so far, in ms. */
	seen(): number
	off(): void
}

/** What the core does when the page is hidden, seen again, left, and brought back by the back button. */
export interface Watcher {
	hide(): void
	show(): void
	leave(): void
	back(): void
}

export function watch({ win, now }: Env, on: Watcher): Watch {
	const doc = win?.document
	const isHidden = () => doc?.visibilityState === 'hidden'
	let hidden = isHidden()
	let sum = 0
	let since = now()
	const seen = () => sum + (hidden ? 0 : now() - since)

	const change = () => {
		sum = seen()
		since = now()
		const was = hidden
		hidden = isHidden()
		// Some browsers tell twice, and a page that is left is told of after `pagehide`.
		if (hidden !== was) hidden ? on.hide() : on.show()
	}
	const shown = (event: PageTransitionEvent) => {
		change()
		if (event.persisted) on.back()
	}
	doc?.addEventListener('visibilitychange', change)
	win?.addEventListener('pagehide', on.leave)
	win?.addEventListener('pageshow', shown)
	return {
		seen,
		off() {
			doc?.removeEventListener('visibilitychange', change)
			win?.removeEventListener('pagehide', on.leave)
			win?.removeEventListener('pageshow', shown)
		},
	}
}
