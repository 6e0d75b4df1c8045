/** Whether the page can be seen, and for how long it could be. */
import type { Env } from './env'

export interface Watch {
	/** How long the page could be seen so far, in ms. */
	seen_(): number
	off_(): void
}

/** What the core does when the page is hidden, seen again, left, and brought back by the back button. */
export interface Watcher {
	hide_(): void
	show_(): void
	leave_(): void
	back_(): void
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
		if (hidden !== was) hidden ? on.hide_() : on.show_()
	}
	// It has the one option that takes listeners off again: `signal`.
	const until = new AbortController()
	doc?.addEventListener('visibilitychange', change, until)
	win?.addEventListener('pagehide', on.leave_, until)
	win?.addEventListener(
		'pageshow',
		(event) => {
			change()
			if (event.persisted) on.back_()
		},
		until,
	)
	return { seen_: seen, off_: () => until.abort() }
}
