import { api, type Cart, ShopError, type Visit } from './api'
import { tellUser } from './telemetry'

/** What all views know. */
export const state: { visit: Visit; cart: Cart } = {
	visit: { region: 'eu-west' },
	cart: { order: '', items: [], cents: 0 },
}

let refresh = () => {}

/** Tells who wants to draw anew. */
export function onChange(f: () => void): void {
	refresh = f
}

export function setVisit(visit: Visit): void {
	state.visit = visit
	tellUser(visit)
	refresh()
}

export function setCart(cart: Cart): void {
	state.cart = cart
	refresh()
}

/** Goes to another page of the shop. */
export function go(path: string): void {
	history.pushState(null, '', path)
	dispatchEvent(new PopStateEvent('popstate'))
}

const words: { [word: string]: string } = {
	wrong_password: 'That is not the password of this account.',
	email_taken: 'There is an account with this address already. Log in instead.',
	bad_email: 'That is no e-mail address.',
	short_password: 'Take at least three letters.',
	link_expired: 'This link is not good any more. Sign up again to get another.',
	no_such_coupon: 'There is no such coupon.',
	no_address: 'Where shall we send it?',
	card_declined: 'Your bank declined the card. Nothing was paid; try another one.',
	payment_cancelled: 'You cancelled the payment. Your cart is as it was.',
	too_large: 'This photo is too large. Take one of at most 5 MB.',
	not_so_many: 'We do not have so many of these.',
}

/** What went wrong, in words for customers. */
export function explain(error: unknown): string {
	return (
		(error instanceof ShopError && words[error.word]) || 'Something went wrong on our side. Please try again.'
	)
}

const status = document.createElement('p')
status.className = 'status'
status.setAttribute('role', 'status')

/** Where messages appear; read out by screen readers. */
export function statusLine(): HTMLElement {
	return status
}

export function say(text: string, good = false): void {
	status.textContent = text
	status.classList.toggle('good', good)
}

/** Asks for what a fresh page needs to know. */
export async function load(): Promise<void> {
	const [visit, cart] = await Promise.all([api.me(), api.cart()])
	state.visit = visit
	state.cart = cart
	tellUser(visit)
}
