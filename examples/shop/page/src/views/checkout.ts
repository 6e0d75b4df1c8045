import { type CustomerInteraction, createCustomerInteraction, withCustomerInteraction } from '@felt/web'
import { api, type Payment, ShopError } from '../api'
import { explain, go, say, setCart, state } from '../app'
import { euros, field, h, onSubmit, values } from '../dom'

/** True in the release in which nobody can pay; put in when the page is built. */
declare const BROKEN_RELEASE: boolean

export function checkoutView(): HTMLElement {
	const { cart } = state
	if (cart.items.length === 0)
		return h('p', {}, 'Nothing is in your cart. ', h('a', { href: '/' }, 'Find something.'))
	if (!cart.address) return addressForm()
	return h(
		'div',
		{},
		h('p', {}, `To: ${cart.address}`),
		couponForm(),
		h('p', { class: 'total' }, 'To pay ', h('strong', {}, euros(cart.cents))),
		h(
			'form',
			{ onsubmit: onSubmit(pay) as EventListener },
			h('button', { type: 'submit', 'data-felt-name': 'pay' }, 'Pay at the bank'),
		),
	)
}

function addressForm(): HTMLElement {
	return h(
		'form',
		{ onsubmit: onSubmit(saveAddress) as EventListener },
		field('Where shall we send it?', { name: 'address', autocomplete: 'street-address', required: true }),
		h('button', { type: 'submit' }, 'Go on'),
	)
}

async function saveAddress(form: HTMLFormElement): Promise<void> {
	try {
		setCart(
			await withCustomerInteraction('address', () => api.address(values(form).address ?? ''), {
				journey: 'checkout',
			}),
		)
		go('/checkout')
	} catch (error) {
		say(explain(error))
	}
}

/** Declared and not programmed: the interaction is what the form's own request does. */
function couponForm(): HTMLElement {
	const form = h(
		'form',
		{ class: 'row', 'data-felt-interaction': 'coupon', 'data-felt-journey': 'checkout' },
		field('Coupon', { name: 'code', autocomplete: 'off', placeholder: 'TEA10' }),
		h('button', { type: 'submit', class: 'second' }, 'Use it'),
	)
	form.addEventListener(
		'submit',
		onSubmit(async () => {
			try {
				setCart(await api.coupon(values(form).code ?? ''))
				go('/checkout')
				say('A tenth off.', true)
			} catch (error) {
				say(explain(error))
			}
		}),
	)
	return form
}

/** One try to pay is one interaction from the button to the answer, over the bank's page: the key is the order. */
function payment(order: string): CustomerInteraction {
	return createCustomerInteraction('pay', {
		journey: 'checkout',
		key: order,
		resume: true,
		degradedMs: 4000,
		failedMs: 30_000,
	})
}

async function pay(): Promise<void> {
	const interaction = payment(state.cart.order)
	const ask = interaction.step('ask the bank')
	try {
		const begun = await interaction.run(() => api.pay(interaction.signal))
		ask.complete()
		location.assign(bankPage(begun))
	} catch (error) {
		ask.fail(error)
		interaction.fail(error)
		say(explain(error))
	}
}

function bankPage(begun: Payment): string {
	// The broken release reads a field that the back end has never had.
	const page = BROKEN_RELEASE ? (begun as unknown as { bank: { page: string } }).bank.page : begun.redirect
	return new URL(page).href
}

/** Back from the bank: the same interaction goes on. */
export function returnView(): HTMLElement {
	const query = new URLSearchParams(location.search)
	const note = h('p', {}, 'Asking the bank …')
	void finish(query.get('order') ?? '', query.get('payment') ?? '', note)
	return h('div', {}, note)
}

async function finish(order: string, id: string, note: HTMLElement): Promise<void> {
	const interaction = payment(order)
	try {
		const { state: decided } = await interaction.run(() => api.result(id))
		if (decided === 'declined') throw new ShopError('card_declined')
		if (decided === 'cancelled') throw new ShopError('payment_cancelled')
		if (decided !== 'approved') throw new ShopError('payment_undecided')
		interaction.complete()
		note.textContent = 'Thank you! It is on its way.'
		setCart(await api.cart())
	} catch (error) {
		interaction.fail(error)
		say(explain(error))
		note.replaceChildren(h('a', { href: '/checkout' }, 'Back to the checkout'))
	}
}
