import type { Impact } from "./api";
import { int, percent } from "./format";

const words = {
  user: "user id",
  pseudonym: "pseudonym",
  installation: "installation",
  session: "session only",
} as const;

/** identityWords says on which levels a number of customers rests, strongest first. */
export function identityWords(identity: Impact["identity"]): string {
  const levels = (Object.keys(words) as (keyof typeof words)[])
    .map((level) => ({ level, n: identity?.[level] ?? 0 }))
    .filter(({ n }) => n > 0);
  const sum = levels.reduce((s, { n }) => s + n, 0);
  if (sum === 0) return "nothing: nobody is identified";
  if (levels.length === 1 && levels[0]) return `${words[levels[0].level]}, all`;
  const said = levels.map(({ level, n }) => `${words[level]} ${percent(n / sum)}`).join(", ");
  // Shares add up to one, counts to the customers.
  return sum <= 1.001 ? said : `${said} of ${int(sum)}`;
}
