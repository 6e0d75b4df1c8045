/**
 * Routes of one page: tells the core when the path changes (interactions with `abandonOnNavigation` end then), and
 * sends a log record `felt.route` with the paths, never with a query.
 *
 * The Navigation API says so without touching the page. Where there is none, `history` is wrapped.
 */
import type { Plugin } from '../types'
import { currentOf, limiter, listeners, log } from './page'

/** A map that writes its place into the path is not worth more records than this a minute. */
const PER_MINUTE = 60

/** Of a fragment, only a route counts: `#/cart`, `#!/cart`. */
export function pathOf({ pathname, hash }: { pathname: string; hash: string }): string {
	return pathname + (/^#!?\/[^?]*/.exec(hash) ?? '')
}

export function routes(): Plugin {
	return (host) => {
		if (!globalThis.document) return
		const [on, off] = listeners(host)
		const tooMany = limiter(host, PER_MINUTE)
		let path = pathOf(location)
		const changed = host.guard(() => {
			const from = path
			path = pathOf(location)
			if (path === from) return
			const context = currentOf(host)?.context
			for (const open of host.open()) if (open.options.abandonOnNavigation) open.leave('navigation')
			if (!tooMany({})) log(host, 'felt.route', 9, context, { 'url.path': path, 'felt.route.from': from })
		})
		const { navigation } = window as unknown as { navigation?: EventTarget }
		on('currententrychange', changed, navigation)
		if (navigation) return off
		on('popstate hashchange', changed)
		const undo = (['pushState', 'replaceState'] as const).map((name) => {
			const before = history[name]
			let now: () => void = changed
			const layer: History['pushState'] = function (this: History, ...args) {
				before.apply(this, args)
				now()
			}
			history[name] = layer
			return () => {
				// Under somebody else's wrapper it stays, doing nothing.
				now = () => {}
				if (history[name] === layer) history[name] = before
			}
		})
		return () => {
			off()
			for (const take of undo) take()
		}
	}
}
