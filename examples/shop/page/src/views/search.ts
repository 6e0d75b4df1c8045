import { createCustomerInteraction, withCustomerInteraction } from '@felt/web'
import { api, type Product } from '../api'
import { explain, say, setCart } from '../app'
import { config } from '../config'
import { euros, h, onSubmit, values } from '../dom'

/** Search, and what was found. */
export function searchView(): HTMLElement {
	const list = h('ul', { class: 'products' })
	const form = h(
		'form',
		{
			role: 'search',
			class: 'row',
			onsubmit: onSubmit((f) => search(list, values(f).q ?? '')) as EventListener,
		},
		h(
			'label',
			{ class: 'field grow' },
			h('span', {}, 'What are you looking for?'),
			h('input', { name: 'q', type: 'search' }),
		),
		h('button', { type: 'submit' }, 'Search'),
	)
	// What the shop shows by itself is no try of a customer's, so nothing is told of it.
	void api.search('').then(
		(found) => show(list, found),
		(error) => say(explain(error)),
	)
	return h('div', {}, form, list)
}

/** The short way: what resolves is a success, what is thrown is classified, and nothing else is to be thought of. */
async function search(list: HTMLElement, words: string): Promise<void> {
	try {
		const found = await withCustomerInteraction('search', (i) => api.search(words, i.signal), {
			degradedMs: 800,
			failedMs: 8000,
			timeoutMs: 15000,
		})
		show(list, found)
		say(`${found.length} found`, true)
	} catch (error) {
		say(explain(error))
	}
}

function show(list: HTMLElement, found: Product[]): void {
	list.replaceChildren(
		...found.map((p) =>
			h(
				'li',
				{},
				h('div', { class: 'picture', 'aria-hidden': 'true', 'data-sku': p.sku }),
				h('h2', {}, p.name),
				h('p', {}, p.about),
				h('div', { class: 'row' }, h('strong', {}, euros(p.cents)), addButton(p)),
			),
		),
	)
}

function addButton(p: Product): HTMLElement {
	return h(
		'button',
		{
			type: 'button',
			'data-felt-name': 'add to cart',
			'aria-label': `Add ${p.name} to the cart`,
			onclick: () => void add(p),
		},
		'Add',
	)
}

/** The long way, for what ends in more ways than one. */
async function add(p: Product): Promise<void> {
	const interaction = createCustomerInteraction('cart', {
		journey: 'checkout',
		timeoutMs: 20_000,
		attributes: { 'product.sku': p.sku },
	})
	try {
		// What is called before the first await runs inside of the interaction.
		const cart = await interaction.run(() => {
			experiment()
			return api.add(p.sku)
		})
		setCart(cart)
		interaction.complete()
		say(`${p.name} is in your cart.`, true)
	} catch (error) {
		interaction.fail(error)
		say(explain(error))
	}
}

/** An experiment that asks for something that one browser does not have. */
function experiment(): void {
	if (config.experiment && navigator.userAgent.includes(config.experiment)) {
		;(navigator as unknown as { basket: { hint(): void } }).basket.hint()
	}
}
