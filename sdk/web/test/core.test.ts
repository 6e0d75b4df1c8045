import { expect, it } from 'vitest'
import { createEnv } from '../src/env'
import { createFelt } from '../src/felt'

it('works without a window', () => {
	const { felt } = createFelt(createEnv())
	const i = felt.createCustomerInteraction('pay')
	i.complete()
	expect(i.outcome).toBe('success')
})
