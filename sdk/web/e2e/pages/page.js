// A page that uses the SDK's modules. What a test needs of it is window.kit.
import * as sdk from '/sdk/index.js'
import { declarative } from '/sdk/plugins/declarative.js'
import { errors } from '/sdk/plugins/errors.js'
import { frustration } from '/sdk/plugins/frustration.js'
import { network } from '/sdk/plugins/network.js'
import { routes } from '/sdk/plugins/routes.js'
import { vitals } from '/sdk/plugins/vitals.js'

const plugins = { declarative, errors, frustration, network, routes, vitals }
const config = JSON.parse(document.getElementById('config').textContent)

/** What errors mean on this page: their code says it. */
function classifyError(error) {
	switch (error?.code) {
		case 'card_declined':
			return { outcome: 'expected', reason: 'card_declined' }
		case 'stale':
			return { outcome: 'degraded', reason: 'stale' }
		case 'closed':
			return { outcome: 'cancelled', reason: 'closed' }
	}
}

const kit = { sdk, open: {}, ended: [], delivery: [], frustration: [], debug: [] }
window.kit = kit
kit.start = () => {
	kit.felt = sdk.init({
		...config.options,
		classifyError,
		debug: (message, error) => kit.debug.push(`${message} ${error ?? ''}`),
		plugins: (config.plugins ?? []).map((name) => plugins[name]()),
	})
	kit.felt.on('end', (e) => kit.ended.push(e))
	kit.felt.on('delivery', (d) => kit.delivery.push(d))
	kit.felt.on('frustration', (f) => kit.frustration.push(f))
}
if (config.init !== false) kit.start()
kit.ready = true
