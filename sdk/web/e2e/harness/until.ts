export const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

/** Waits until `check` holds, and fails with what it last saw. */
export async function until<T>(
	look: () => Promise<T> | T,
	check: (seen: T) => boolean,
	ms = 20_000,
): Promise<T> {
	const end = Date.now() + ms
	for (;;) {
		const seen = await look()
		if (check(seen)) return seen
		if (Date.now() > end)
			throw new Error(`not within ${ms} ms; last seen: ${JSON.stringify(seen)?.slice(0, 3000)}`)
		await sleep(60)
	}
}
