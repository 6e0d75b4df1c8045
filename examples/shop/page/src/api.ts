import type { User } from './config'

/** A no of the shop's back end, or of the shop itself: `word` groups, and is never a message. */
export class ShopError extends Error {
	constructor(
		readonly word: string,
		readonly status = 0,
	) {
		super(word)
		this.name = 'ShopError'
	}
}

export interface Product {
	sku: string
	name: string
	about: string
	cents: number
}

export interface Cart {
	order: string
	items: (Product & { quantity: number })[]
	address?: string
	coupon?: string
	cents: number
}

export interface Payment {
	id: string
	order: string
	state: 'open' | 'approved' | 'declined' | 'cancelled'
	redirect: string
}

export interface Visit {
	region: string
	user?: User
}

async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
	const raw = body instanceof Blob
	const response = await fetch(`/api${path}`, {
		method,
		signal: signal ?? null,
		body: body === undefined ? null : raw ? body : JSON.stringify(body),
		headers: body === undefined || raw ? {} : { 'content-type': 'application/json' },
	})
	if (response.ok) return (await response.json()) as T
	const problem = (await response.json().catch(() => ({}))) as { error?: string }
	throw new ShopError(problem.error ?? 'unknown', response.status)
}

export const api = {
	me: () => ask<Visit>('GET', '/me'),
	region: (region: string) => ask<Visit>('POST', '/region', { region }),
	login: (email: string, password: string) => ask<Visit>('POST', '/login', { email, password }),
	logout: () => ask<Visit>('POST', '/logout', {}),
	signUp: (form: { name: string; email: string; password: string; plan: string }) =>
		ask<{ id: string; confirm: string }>('POST', '/sign-up', form),
	confirm: (token: string) => ask<Visit>('POST', '/confirm', { token }),
	search: (words: string, signal?: AbortSignal) =>
		ask<Product[]>('GET', `/search?q=${encodeURIComponent(words)}`, undefined, signal),
	cart: () => ask<Cart>('GET', '/cart'),
	add: (sku: string) => ask<Cart>('POST', '/cart/items', { sku }),
	remove: (sku: string) => ask<Cart>('DELETE', `/cart/items/${sku}`),
	address: (address: string) => ask<Cart>('PUT', '/checkout/address', { address }),
	coupon: (code: string) => ask<Cart>('POST', '/checkout/coupon', { code }),
	pay: (signal?: AbortSignal) => ask<Payment>('POST', '/checkout/pay', {}, signal),
	result: (payment: string) => ask<Payment>('GET', `/checkout/result?payment=${encodeURIComponent(payment)}`),
	upload: (id: string, photo: Blob, signal?: AbortSignal) =>
		ask<{ id: string }>('PUT', `/uploads/${id}`, photo, signal),
}
