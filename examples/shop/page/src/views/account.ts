import { createCustomerInteraction, withCustomerInteraction } from '@felt/web'
import { api } from '../api'
import { explain, go, say, setVisit, state } from '../app'
import { config } from '../config'
import { field, h, onSubmit, values } from '../dom'
import { tellUser } from '../telemetry'

export function loginView(): HTMLElement {
	return h(
		'div',
		{},
		h(
			'form',
			{ onsubmit: onSubmit((f) => login(values(f).email ?? '', values(f).password ?? '')) as EventListener },
			field('E-mail', { name: 'email', type: 'email', autocomplete: 'username', required: true }),
			field('Password', {
				name: 'password',
				type: 'password',
				autocomplete: 'current-password',
				required: true,
			}),
			h('button', { type: 'submit' }, 'Log in'),
		),
		h('p', {}, 'New here? ', h('a', { href: '/sign-up' }, 'Sign up.')),
		h('h2', {}, 'Be somebody'),
		h('p', {}, 'These customers of the example have the password “tea”.'),
		h(
			'div',
			{ class: 'row wrap' },
			...config.users.map((u) =>
				h(
					'button',
					{ type: 'button', class: 'second', onclick: () => void login(u.email, 'tea') },
					`${u.name} · ${u.plan} · ${u.region}`,
				),
			),
		),
	)
}

async function login(email: string, password: string): Promise<void> {
	try {
		await withCustomerInteraction(
			'login',
			async () => {
				// Who it is is told before the interaction ends, so that it is theirs already.
				setVisit(await api.login(email, password))
			},
			{ degradedMs: 1500, failedMs: 10_000, timeoutMs: 30_000 },
		)
		go('/')
		say(`Welcome, ${state.visit.user?.name ?? ''}.`, true)
	} catch (error) {
		say(explain(error))
	}
}

export function signUpView(): HTMLElement {
	return h(
		'form',
		{ onsubmit: onSubmit(signUp) as EventListener },
		field('Name', { name: 'name', autocomplete: 'name', required: true }),
		field('E-mail', { name: 'email', type: 'email', autocomplete: 'username', required: true }),
		field('Password', { name: 'password', type: 'password', autocomplete: 'new-password', required: true }),
		h(
			'label',
			{ class: 'field' },
			h('span', {}, 'Plan'),
			h(
				'select',
				{ name: 'plan' },
				h('option', { value: 'free' }, 'free'),
				h('option', { value: 'pro' }, 'pro'),
			),
		),
		h('button', { type: 'submit' }, 'Sign up'),
	)
}

async function signUp(form: HTMLFormElement): Promise<void> {
	const interaction = createCustomerInteraction('sign-up form', { timeoutMs: 30_000 })
	const { name = '', email = '', password = '', plan = 'free' } = values(form)
	try {
		const made = await interaction.run(() => api.signUp({ name, email, password, plan }))
		const user = { id: made.id, name, email, plan, region: state.visit.region }
		// The journey goes on in a mail, perhaps on another device: it is followed by the customer.
		tellUser({ region: user.region, user })
		interaction.complete()
		form.replaceWith(
			h(
				'div',
				{ class: 'mail' },
				h('p', {}, 'We have sent you a mail. As this is an example, here it is:'),
				h('a', { href: made.confirm, class: 'button' }, 'Confirm my address'),
			),
		)
	} catch (error) {
		interaction.fail(error)
		say(explain(error))
	}
}

export function confirmView(): HTMLElement {
	const token = new URLSearchParams(location.search).get('token') ?? ''
	const note = h('p', {}, 'One moment …')
	void confirm(token, note)
	return note
}

async function confirm(token: string, note: HTMLElement): Promise<void> {
	try {
		await withCustomerInteraction('confirm e-mail', async () => setVisit(await api.confirm(token)))
		note.textContent = `Welcome, ${state.visit.user?.name ?? ''}. Your account is ready.`
	} catch (error) {
		note.textContent = ''
		say(explain(error))
	}
}
