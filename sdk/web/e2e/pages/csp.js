// A page under a strict policy: everything that the script for a tag can do, once, at a click.
const config = JSON.parse(document.getElementById('config').textContent)
window.felt.ready((felt) => {
	felt.init({
		...config.options,
		plugins: [
			felt.network(),
			felt.errors(),
			felt.routes(),
			felt.frustration(),
			felt.vitals(),
			felt.declarative(),
		],
	})
})
document.addEventListener('DOMContentLoaded', () => {
	document.getElementById('go').addEventListener('click', () => {
		window.felt.ready(async (felt) => {
			const i = felt.createCustomerInteraction('strict', { key: 'k' })
			const step = i.step('ask')
			await i.run(() => fetch(`/api/${config.options.app}/ask`))
			step.complete()
			history.pushState(null, '', '#next')
			i.complete()
			felt.withCustomerInteraction('broken', () => {
				throw new Error('on purpose')
			})
		})
	})
})
