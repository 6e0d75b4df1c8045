// @vitest-environment happy-dom
import { act, createElement as h, type ReactNode, StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { InteractionOptions } from '../../src/index'
import {
	type ComponentInteraction,
	FeltErrorBoundary,
	type HookOptions,
	useCustomerInteraction,
} from '../../src/react'
import { fakeHost } from './fake'

const felt = vi.hoisted(() => ({ create: (_name: string, _options?: unknown): unknown => undefined }))
vi.mock('../../src/index', () => ({
	createCustomerInteraction: (name: string, options?: InteractionOptions) => felt.create(name, options),
}))

let root: Root
let world: ReturnType<typeof fakeHost>
beforeEach(() => {
	vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
	world = fakeHost()
	felt.create = world.create as never
	root = createRoot(document.body.appendChild(document.createElement('div')))
})
afterEach(() => {
	act(() => root.unmount())
	vi.restoreAllMocks()
	vi.unstubAllGlobals()
})

const show = (node: ReactNode) => act(() => root.render(node))
const later = () => act(() => new Promise((done) => setTimeout(done, 5)))
const ended = () => world.all.map((i) => [i.name, ...(i.ended ?? ['open'])].filter((x) => x !== undefined))

let seen: ComponentInteraction
function Pay({ options, name = 'pay', broken }: { options?: HookOptions; name?: string; broken?: boolean }) {
	seen = useCustomerInteraction(name, options)
	if (broken) throw new Error('broken')
	return null
}

test('begins at start, once, with the options of the last rendering', () => {
	show(h(Pay, { options: { journey: 'a' } }))
	const first = seen
	show(h(Pay, { options: { journey: 'b', onMount: true } }))
	expect(seen).toBe(first)
	expect(world.all).toEqual([])
	expect(seen.start({ key: 'k' })).toBe(seen.start())
	expect(seen.current).toBe(world.all[0])
	expect(world.all.map((i) => [i.name, i.options])).toEqual([['pay', { journey: 'b', key: 'k' }]])
	seen.start().complete()
	expect(seen.current).toBeUndefined()
	seen.start()
	expect(world.all).toHaveLength(2)
})

test('going away abandons what is open, and nothing else', async () => {
	show(h(Pay))
	seen.start()
	show(null)
	await later()
	expect(ended()).toEqual([['pay', 'abandon', 'unmount']])
	show(h(Pay))
	seen.start().complete()
	show(null)
	await later()
	expect(ended()[1]).toEqual(['pay', 'complete'])
})

test('strict mode opens one and abandons none', async () => {
	show(h(StrictMode, null, h(Pay, { options: { onMount: true } })))
	await later()
	expect(ended()).toEqual([['pay', 'open']])
	show(h(StrictMode, null, null))
	await later()
	expect(ended()).toEqual([['pay', 'abandon', 'unmount']])
})

test('run completes, and fails with what is thrown, which passes through', async () => {
	show(h(Pay))
	expect(seen.run(() => 1)).toBe(1)
	await expect(seen.run(async () => 2)).resolves.toBe(2)
	const error = new Error('x')
	expect(() =>
		seen.run(() => {
			throw error
		}),
	).toThrow(error)
	await expect(seen.run(() => Promise.reject(error))).rejects.toBe(error)
	expect(ended().map(([, ...how]) => how)).toEqual([
		['complete'],
		['complete'],
		['fail', error],
		['fail', error],
	])
})

test('an error boundary fails what is open below it, and shows its fallback', async () => {
	vi.spyOn(console, 'error').mockImplementation(() => {})
	const outside = world.create('outside')
	const given = world.create('given')
	const tree = (broken: boolean) =>
		h(
			FeltErrorBoundary,
			{
				interaction: given,
				fallback: (error: unknown, retry: () => void) =>
					h('button', { type: 'button', onClick: retry }, `${(error as Error).message}!`),
			},
			h(Pay, { options: { onMount: true }, broken }),
		)
	show(tree(false))
	show(tree(true))
	await later()
	expect(document.body.textContent).toContain('broken!')
	expect(world.all.find((i) => i.name === 'pay')!.ended).toMatchObject(['fail', { message: 'broken' }])
	expect(given.ended![0]).toBe('fail')
	expect(outside.ended).toBeUndefined()
	show(tree(false))
	await act(async () => document.querySelector('button')!.click())
	expect(document.body.textContent).not.toContain('broken!')
})

test('renders on a server and begins nothing there', () => {
	expect(renderToString(h(FeltErrorBoundary, null, h(Pay, { options: { onMount: true } }), 'ok'))).toBe('ok')
	expect(world.all).toEqual([])
})
