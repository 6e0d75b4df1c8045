// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from 'vitest'
import { vitals } from '../../src/plugins/vitals'
import { fakeHost } from './fake'

type Report = (metric: Record<string, unknown>) => void
const measured = vi.hoisted(() => ({ reports: [] as unknown[] }))
vi.mock('web-vitals', () => {
	const measure = (report: unknown) => {
		measured.reports.push(report)
	}
	return { onCLS: measure, onFCP: measure, onINP: measure, onLCP: measure, onTTFB: measure }
})
afterEach(() => {
	measured.reports = []
	vi.restoreAllMocks()
})

const metric = {
	name: 'LCP',
	value: 1234.5,
	delta: 1234.5,
	rating: 'good',
	id: 'v5-1',
	navigationType: 'navigate',
}
function start(serverTiming?: unknown) {
	vi.spyOn(performance, 'getEntriesByType').mockReturnValue([{ serverTiming }] as never)
	const world = fakeHost()
	const off = vitals()(world.host)!
	return { ...world, off, report: measured.reports[0] as Report }
}
const trace = '0af7651916cd43dd8448eb211c80319c'
const parent = { name: 'traceparent', description: `00-${trace}-b7ad6b7169203331-01` }

test('measures five, and tells each in the trace of the first HTML', () => {
	const { report, logs, create } = start([{ name: 'db', description: 'x' }, parent])
	create('pay')
	expect(measured.reports).toHaveLength(5)
	report(metric)
	expect(logs('browser.web_vital')).toMatchObject([
		{
			severity: 9,
			context: { traceId: trace, spanId: 'b7ad6b7169203331', sampled: true },
			attributes: { name: 'lcp', value: 1234.5, delta: 1234.5, rating: 'good', id: 'v5-1' },
		},
	])
})

test.each([
	undefined,
	[],
	[{ name: 'traceparent', description: 'nonsense' }],
	[{ name: 'traceparent', description: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` }],
	[{ name: 'other', description: parent.description }],
])('without a trace in %o it is tied to none', (timing) => {
	const { report, logs } = start(timing)
	report(metric)
	expect(logs('browser.web_vital')).toHaveLength(1)
	expect(logs('browser.web_vital')[0]!.context).toBeUndefined()
})

test('what comes back from the cache was not loaded in that trace', () => {
	const { report, logs } = start([parent])
	report({ ...metric, navigationType: 'back-forward-cache' })
	expect(logs('browser.web_vital')[0]!.context).toBeUndefined()
})

test('is silent after teardown', () => {
	const { report, logs, off } = start([parent])
	off()
	report(metric)
	expect(logs('browser.web_vital')).toEqual([])
})
