/** Elements without markup in text: the page runs under Trusted Types with no policy at all. */
type Child = Node | string | false | null | undefined
type Props = { [name: string]: string | boolean | EventListener | undefined }

/** `h('button', {type: 'submit', class: 'main', onclick: f}, 'Pay')` */
export function h<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	props: Props = {},
	...children: Child[]
): HTMLElementTagNameMap[K] {
	const element = document.createElement(tag)
	for (const [name, value] of Object.entries(props)) {
		if (typeof value === 'function') element.addEventListener(name.slice(2), value)
		else if (typeof value === 'string') element.setAttribute(name, value)
		else if (value) element.setAttribute(name, '')
	}
	element.append(...children.filter((c): c is Node | string => c !== false && c != null))
	return element
}

/** A labelled input. */
export function field(label: string, props: Props): HTMLLabelElement {
	return h('label', { class: 'field' }, h('span', {}, label), h('input', props))
}

export function euros(cents: number): string {
	return `€ ${(cents / 100).toFixed(2)}`
}

/** The words of a form's fields. */
export function values(form: HTMLFormElement): Record<string, string> {
	const all: Record<string, string> = {}
	for (const [name, value] of new FormData(form)) if (typeof value === 'string') all[name] = value
	return all
}

/** Handles a submitted form, its buttons off meanwhile. */
export function onSubmit(f: (form: HTMLFormElement) => Promise<void>): EventListener {
	return (event) => {
		event.preventDefault()
		const form = event.currentTarget as HTMLFormElement
		const buttons = [...form.querySelectorAll('button')]
		for (const b of buttons) b.disabled = true
		void f(form).finally(() => {
			for (const b of buttons) b.disabled = false
		})
	}
}
