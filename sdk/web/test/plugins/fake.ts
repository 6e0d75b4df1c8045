import type {
	Ended,
	Frustration,
	Host,
	InteractionOptions,
	LogRecord,
	OpenInteraction,
	Options,
	SpanContext,
	SpanRecord,
} from '../../src/types'

export interface FakeInteraction extends OpenInteraction {
	ended: [how: string, why?: unknown] | undefined
	errors: { name: string; message: string; stack: string }[]
	set: Record<string, unknown>
	retries: string[]
	runs: number
}

/** A host that keeps what plugins tell it. Its clock stands still unless told, or follows Date. */
export function fakeHost(options: Partial<Options> = {}) {
	const all: FakeInteraction[] = []
	const records: (SpanRecord | LogRecord)[] = []
	const told: (Ended | Frustration)[] = []
	const debugged: unknown[] = []
	let ids = 0
	let inRun: FakeInteraction | undefined
	const fake = {
		all,
		records,
		told,
		debugged,
		logs: (name: string) => records.filter((r): r is LogRecord => r.type === 'log' && r.name === name),
		spans: () => records.filter((r): r is SpanRecord => r.type === 'span'),
		host: undefined as unknown as Host,
	}
	const context = (parent?: SpanContext): SpanContext => ({
		traceId: parent?.traceId ?? (++ids).toString(16).padStart(32, '0'),
		spanId: (++ids).toString(16).padStart(16, '0'),
		sampled: true,
		state: 'ot=rv:1',
	})
	const open = () => all.filter((i) => !i.ended)

	function create(name: string, given: InteractionOptions = {}): FakeInteraction {
		const controller = new AbortController()
		const own = context()
		const end = (how: string, why?: unknown) => {
			if (!i.ended) i.ended = [how, why]
		}
		const i: FakeInteraction = {
			name,
			options: given,
			journey: given.journey,
			key: given.key,
			context: own,
			ended: undefined,
			errors: [],
			set: {},
			retries: [],
			runs: 0,
			signal: controller.signal,
			get traceparent() {
				return `00-${own.traceId}-${own.spanId}-01`
			},
			get outcome() {
				return i.ended ? ('success' as const) : undefined
			},
			names_: { 'felt.interaction.name': name },
			step: () => {
				throw new Error('not needed here')
			},
			retry: (reason = '') => {
				i.retries.push(reason)
			},
			run: (fn) => {
				const before = inRun
				inRun = i
				i.runs++
				try {
					return fn()
				} finally {
					inRun = before
				}
			},
			setAttributes: (attributes) => {
				Object.assign(i.set, attributes)
				return i
			},
			event: () => {},
			recordError: (error) => {
				i.errors.push(error as FakeInteraction['errors'][0])
			},
			complete: () => end('complete'),
			degrade: (why) => end('degrade', why),
			fail: (why) => end('fail', why),
			abandon: (why) => end('abandon', why),
			cancel: (why) => end('cancel', why),
			leave: (why) => end('leave', why),
		}
		all.push(i)
		return i
	}
	fake.host = {
		options: { endpoint: 'https://felt.test', app: 'shop', ...options },
		current: () => inRun,
		open,
		create,
		child: context,
		emit: (record) => {
			records.push(record)
		},
		tell: (_event, value) => {
			told.push(value as Frustration)
		},
		guard:
			(fn) =>
			(...args) => {
				try {
					fn(...args)
				} catch (error) {
					debugged.push(error)
				}
			},
		debug: (message, error) => {
			debugged.push(error ?? message)
		},
		now: () => Date.now(),
	}
	return { ...fake, create, fake }
}
