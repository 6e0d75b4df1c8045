import { api } from './api'
import { go, load, onChange, say, setVisit, state, statusLine } from './app'
import { config } from './config'
import { h } from './dom'
import { startTelemetry } from './telemetry'
import { confirmView, loginView, signUpView } from './views/account'
import { cartView } from './views/cart'
import { checkoutView, returnView } from './views/checkout'
import { photoView } from './views/photo'
import { searchView } from './views/search'

startTelemetry()

const views: { [path: string]: { title: string; view: () => HTMLElement } } = {
	'/': { title: 'Tea and what goes with it', view: searchView },
	'/cart': { title: 'Your cart', view: cartView },
	'/checkout': { title: 'Check out', view: checkoutView },
	'/checkout/return': { title: 'Your payment', view: returnView },
	'/login': { title: 'Log in', view: loginView },
	'/sign-up': { title: 'Sign up', view: signUpView },
	'/confirm': { title: 'Confirm your address', view: confirmView },
	'/photo': { title: 'Show us your table', view: photoView },
}

const nav = h('nav', { 'aria-label': 'Shop' })
const heading = h('h1', { tabindex: '-1' })
const view = h('div', {})

function link(path: string, text: string): HTMLElement {
	return h('a', { href: path, 'aria-current': location.pathname === path ? 'page' : undefined }, text)
}

function drawNav(): void {
	const { user } = state.visit
	const count = state.cart.items.reduce((sum, i) => sum + i.quantity, 0)
	nav.replaceChildren(
		link('/', 'Shop'),
		link('/photo', 'Photos'),
		link('/cart', `Cart (${count})`),
		user
			? h('button', { type: 'button', class: 'plain', onclick: () => void logout() }, `Log ${user.name} out`)
			: link('/login', 'Log in'),
	)
}

async function logout(): Promise<void> {
	setVisit(await api.logout())
	go('/')
}

function show(): void {
	const { title, view: make } = views[location.pathname] ?? {
		title: 'There is no such page',
		view: () => h('p', {}),
	}
	document.title = `${title} · Felt & Leaf`
	heading.textContent = title
	say('')
	drawNav()
	view.replaceChildren(make())
	heading.focus()
}

function regionChoice(): HTMLElement {
	const select = h('select', { name: 'region' }, ...config.regions.map((r) => h('option', { value: r }, r)))
	select.value = state.visit.region
	select.addEventListener('change', () => void api.region(select.value).then(setVisit))
	return h('label', {}, 'Region ', select)
}

/** Links of the shop change the route and load nothing. */
function follow(event: MouseEvent): void {
	const a = event.target instanceof Element ? event.target.closest('a') : null
	if (
		!a ||
		a.origin !== location.origin ||
		event.metaKey ||
		event.ctrlKey ||
		event.shiftKey ||
		event.button !== 0
	)
		return
	event.preventDefault()
	go(a.pathname + a.search)
}

async function start(): Promise<void> {
	document.body.append(
		h('a', { href: '#main', class: 'skip' }, 'Skip to the content'),
		h('header', {}, h('strong', { class: 'brand' }, 'Felt & Leaf'), nav),
		h('main', { id: 'main' }, heading, statusLine(), view),
	)
	await load().catch(() => say('The shop cannot be reached.'))
	document.body.append(h('footer', {}, regionChoice(), h('span', {}, ` release ${config.release}`)))
	document.addEventListener('click', follow)
	addEventListener('popstate', show)
	onChange(drawNav)
	show()
}

void start()
