/**
 * Errors that nobody caught, as log records `exception`, tied to the open interaction. They do not end it:
 * whether the customer was harmed is told by how the interaction ends.
 */
import type { Plugin } from '../types'
import { currentOf, limiter, listeners, log, uncaught } from './page'

/** The same error is told once a minute, and of all errors so many. */
const PER_MINUTE = 20
const FRAMES = 20

/** What a message may say to others: no addresses of people, no numbers, no contents in quotes, no queries. */
export function redacted(message: string): string {
	return message
		.slice(0, 500)
		.replace(/[^\s@"'<]+@[^\s@]+\.[^\s@"'>]+/g, '[email]')
		.replace(/\?\S+=\S*/g, '')
		.replace(/"[^"]*("|$)/g, '"…"')
		.replace(/\d+/g, '#')
}

/** The frames only: the first line of a stack repeats the message. */
function framesOf(stack: unknown): string {
	return `${stack}`
		.split('\n')
		.filter((line) => /^\s+at |@\w+:\/\/.*:\d/.test(line))
		.slice(0, FRAMES)
		.join('\n')
		.replace(/[?#][^\s:)]*/g, '')
}

export function errors(): Plugin {
	return (host) => {
		const [on, off] = listeners(host)
		const tooMany = limiter(host, PER_MINUTE)
		uncaught(on, (error, text, where) => {
			const { name = 'Error', message = text, stack: frames = where }: Partial<Error> = Object(error)
			// A browser hides errors of other origins' scripts: something of somebody else's broke.
			const hidden = !error && !where
			const type = hidden ? 'ScriptError' : `${name}`
			const clean = redacted(`${message}`)
			const stack = framesOf(frames)
			if (tooMany(type + clean + stack.split('\n')[0])) return
			const tied = currentOf(host)
			if (!hidden) tied?.recordError({ name: type })
			log(host, 'exception', hidden ? 13 : 17, tied?.context, {
				'exception.type': type,
				'exception.message': clean,
				'exception.stacktrace': stack || undefined,
			})
		})
		return off
	}
}
