/** The script for a tag: everything, as the global `felt`. See queue.ts for what may be called before it has loaded. */
import * as core from './index'
import { declarative } from './plugins/declarative'
import { errors } from './plugins/errors'
import { frustration } from './plugins/frustration'
import { network } from './plugins/network'
import { routes } from './plugins/routes'
import { vitals } from './plugins/vitals'

type Ready = (fn: (felt: unknown) => void) => void

const page = globalThis as { felt?: { q?: unknown; ready: Ready } }
const waiting = page.felt?.q

const ready: Ready = (fn) => {
	try {
		fn(page.felt)
	} catch (error) {
		// It is the page's function: its error is the page's to see, and not the end of the others.
		setTimeout(() => {
			throw error
		})
	}
}

// Loaded twice, the first stays: it has the page's interactions.
if (!page.felt || waiting) {
	page.felt = Object.assign({ ready }, core, { network, errors, routes, frustration, vitals, declarative })
	if (Array.isArray(waiting)) for (const fn of waiting) if (typeof fn === 'function') ready(fn as never)
}
