/** What the gateway tells the page when it is loaded. */
export interface Config {
	endpoint: string
	key?: string
	release: string
	photoLimit: number
	/** In browsers whose user agent has this word an experiment is on that does not work there. */
	experiment?: string
	users: User[]
	regions: string[]
}

export interface User {
	id: string
	name: string
	email: string
	plan: string
	company?: string
	region: string
}

const text = document.querySelector<HTMLMetaElement>('meta[name=shop-config]')?.content ?? '{}'

export const config = JSON.parse(text) as Config
