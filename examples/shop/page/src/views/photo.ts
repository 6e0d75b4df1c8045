import { createCustomerInteraction } from '@felt/web'
import { api, ShopError } from '../api'
import { explain, say } from '../app'
import { config } from '../config'
import { h, onSubmit } from '../dom'

export function photoView(): HTMLElement {
	const file = h('input', { name: 'photo', type: 'file', accept: 'image/*', required: true })
	return h(
		'form',
		{ onsubmit: onSubmit(() => upload(file.files?.[0])) as EventListener },
		h('label', { class: 'field' }, h('span', {}, 'A photo of at most 5 MB'), file),
		h('button', { type: 'submit' }, 'Send it'),
	)
}

async function upload(photo: File | undefined): Promise<void> {
	if (!photo) return
	const id = `photo-${crypto.randomUUID()}`
	// The photo's id is what the worker's telemetry has too, minutes after the customer has gone.
	const interaction = createCustomerInteraction('upload', {
		key: id,
		timeoutMs: 60_000,
		attributes: { 'upload.id': id, 'upload.bytes': photo.size },
	})
	try {
		// What we have always said is no surprise. What is refused although we said it would do is a failure.
		if (photo.size > config.photoLimit) throw new ShopError('too_large')
		await interaction.run(() => api.upload(id, photo, interaction.signal)).catch(refused)
		interaction.complete()
		say('Thank you! It will be there in a moment.', true)
	} catch (error) {
		interaction.fail(error)
		say(explain(error))
	}
}

function refused(error: unknown): never {
	throw error instanceof ShopError && error.status === 413 ? new ShopError('refused_by_limit', 413) : error
}
