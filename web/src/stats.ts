/** Below this many tries a rate wears its interval. */
export const smallN = 200;

/**
 * wilson is the 95 % score interval of the share k of n: where the true share lies,
 * and unlike the textbook's it stays within 0 and 1 and is honest at 0 of n.
 */
export function wilson(k: number, n: number): [low: number, high: number] {
  if (n <= 0) return [0, 1];
  const z = 1.959964;
  const p = k / n;
  const zz = (z * z) / n;
  const mid = p + zz / 2;
  const half = z * Math.sqrt((p * (1 - p)) / n + zz / (4 * n));
  return [
    k <= 0 ? 0 : Math.max(0, (mid - half) / (1 + zz)),
    k >= n ? 1 : Math.min(1, (mid + half) / (1 + zz)),
  ];
}
