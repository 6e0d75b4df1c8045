/**
 * For a page with a script tag, before felt.js has loaded: what is given to `felt.ready` waits, and runs in
 * its order once it has. Put it inline (with the page's nonce), or load `dist/queue.js` before everything.
 */
const page = globalThis as { felt?: { q: unknown[]; ready(fn: unknown): void } }
page.felt ||= {
	q: [],
	ready(fn) {
		this.q.push(fn)
	},
}
