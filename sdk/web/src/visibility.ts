/** Whether the page can be seen, and for how long it could be. */
import type { Env } from './env'

export interface Watch {
	/** How long the page could be seen so far, in ms. */
	seen_(): number
	off_(): void
}

/** `hide`: it may be gone in a moment; `again`: it was told of this hide before. `leave` and `back`: as the cache of pages has it. */
export function watch(
	{ win, now }: Env,
	hide: (again: boolean) => void,
	leave: () => void,
	back: () => void,
): Watch {
	const doc = win?.document
	const isHidden = () => doc?.visibilityState === 'hidden'
	let hidden = isHidden()
	let told = false
	let sum = 0
	let since = now()
	const seen = () => sum + (hidden ? 0 : now() - since)

	/** Once per hide: a page that is left is hidden before or after. */
	const gone = () => {
		hide(told)
		told = true
	}
	const change = () => {
		sum = seen()
		since = now()
		hidden = isHidden()
		if (hidden) gone()
		else told = false
	}
	// It has the one option that takes listeners off again: `signal`.
	const until = new AbortController()
	doc?.addEventListener('visibilitychange', change, until)
	win?.addEventListener(
		'pagehide',
		() => {
			leave()
			gone()
		},
		until,
	)
	win?.addEventListener(
		'pageshow',
		(event) => {
			change()
			if (event.persisted) back()
		},
		until,
	)
	return { seen_: seen, off_: () => until.abort() }
}
