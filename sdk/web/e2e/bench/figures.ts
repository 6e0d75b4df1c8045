/** The value below which a share of all lies; NaN of nothing. */
export function quantile(all: number[], share: number): number {
	const sorted = [...all].sort((a, b) => a - b)
	return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** Median, 95th percentile and the worst, in one line. */
export const figures = (all: number[], unit: string, digits = 0): string =>
	`median ${quantile(all, 0.5).toFixed(digits)} ${unit}, p95 ${quantile(all, 0.95).toFixed(digits)} ${unit}, ` +
	`worst ${quantile(all, 1).toFixed(digits)} ${unit} of ${all.length}`
