/**
 * Web vitals as log records `browser.web_vital`, measured by the library of that name. Those of a page's loading
 * belong to the trace of its first HTML, where the server names it: `Server-Timing: traceparent;desc="00-…"`.
 */
import { type MetricType, onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals'
import type { Plugin, SpanContext } from '../types'
import { log } from './page'

export function vitals(): Plugin {
	return (host) => {
		if (!globalThis.document) return
		// The library cannot be told to stop.
		let on = true
		const document = contextOfDocument()
		const tell = host.guard(({ name, value, delta, rating, id, navigationType }: MetricType) => {
			if (!on) return
			// A page that came back out of the browser's cache was loaded by nobody.
			const context = navigationType === 'back-forward-cache' ? undefined : document
			log(host, 'browser.web_vital', 9, context, { name: name.toLowerCase(), value, delta, rating, id })
		})
		for (const measure of [onTTFB, onFCP, onLCP, onCLS, onINP]) host.guard(() => measure(tell))()
		return () => {
			on = false
		}
	}
}

function contextOfDocument(): SpanContext | undefined {
	const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
	for (const { name, description } of entry?.serverTiming ?? []) {
		const [, traceId, spanId, flags] =
			/^00-(?!0+-)([0-9a-f]{32})-(?!0+-)([0-9a-f]{16})-([0-9a-f]{2})$/.exec(description) ?? []
		if (name === 'traceparent' && traceId) return { traceId, spanId: spanId!, sampled: !!(+`0x${flags}` & 1) }
	}
	return
}
