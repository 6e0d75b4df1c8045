import { expect, test } from 'vitest'
import { declarative } from '../../src/plugins/declarative'
import { errors } from '../../src/plugins/errors'
import { frustration } from '../../src/plugins/frustration'
import { network } from '../../src/plugins/network'
import { routes } from '../../src/plugins/routes'
import { vitals } from '../../src/plugins/vitals'
import { fakeHost } from './fake'

test.each([declarative, errors, frustration, network, routes, vitals])(
	'%o does nothing where there is no page',
	async (plugin) => {
		const { host, debugged, records } = fakeHost()
		const before = globalThis.fetch
		const off = plugin()(host)
		await fetch('data:text/plain,hi')
		off?.()
		expect(globalThis.fetch).toBe(before)
		expect(records).toEqual([])
		expect(debugged).toEqual([])
	},
)
