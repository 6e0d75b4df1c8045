import { api } from '../api'
import { explain, go, say, setCart, state } from '../app'
import { euros, h } from '../dom'

export function cartView(): HTMLElement {
	const { cart } = state
	if (cart.items.length === 0)
		return h('p', {}, 'Nothing is in it yet. ', h('a', { href: '/' }, 'Find something.'))
	return h(
		'div',
		{},
		h(
			'ul',
			{ class: 'lines' },
			...cart.items.map((i) =>
				h(
					'li',
					{},
					h('span', {}, `${i.quantity} × ${i.name}`),
					h('strong', {}, euros(i.cents * i.quantity)),
					h(
						'button',
						{
							type: 'button',
							class: 'plain',
							'aria-label': `Remove ${i.name}`,
							onclick: () => void remove(i.sku),
						},
						'Remove',
					),
				),
			),
		),
		h('p', { class: 'total' }, 'Together ', h('strong', {}, euros(cart.cents))),
		h('a', { href: '/checkout', class: 'button' }, 'Check out'),
	)
}

async function remove(sku: string): Promise<void> {
	try {
		setCart(await api.remove(sku))
		go('/cart')
	} catch (error) {
		say(explain(error))
	}
}
