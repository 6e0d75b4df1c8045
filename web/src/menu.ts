// What the command menu offers, and which of it a person means. Pure.

export interface Command {
  key: string;
  group: "Pages" | "Incidents" | "Journeys" | "Actions" | "Look up";
  name: string;
  /** Beside the name: owner, app, sentence. */
  about?: string;
  /** The keys that do the same. */
  keys?: string;
  run: () => void;
}

/**
 * score tells how well a name fits what was typed: 0 not at all; every word must be somewhere,
 * and the beginning of a name, or of a word in it, is worth more.
 */
export function score(c: Pick<Command, "name" | "about">, typed: string): number {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const name = c.name.toLowerCase();
  const all = `${name} ${(c.about ?? "").toLowerCase()}`;
  let sum = 1;
  for (const w of words) {
    if (!all.includes(w)) return 0;
    if (name.startsWith(w)) sum += 8;
    else if (name.includes(` ${w}`) || name.includes(`/${w}`)) sum += 4;
    else if (name.includes(w)) sum += 2;
  }
  return sum;
}

const most = 9;
const order: Command["group"][] = ["Incidents", "Journeys", "Pages", "Actions", "Look up"];

/** offered is what fits best, group by group; what looks something up is always last. */
export function offered(all: Command[], typed: string): Command[] {
  const fits = all
    .map((c) => ({ c, n: c.group === "Look up" ? 1 : score(c, typed) }))
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n);
  const kept = new Map<string, number>();
  const few = fits.filter(({ c }) => {
    const n = (kept.get(c.group) ?? 0) + 1;
    kept.set(c.group, n);
    return n <= (typed ? most : 5) || c.group === "Actions" || c.group === "Pages";
  });
  const groups = typed
    ? order
    : (["Incidents", "Pages", "Actions", "Journeys", "Look up"] as const);
  return groups.flatMap((g) => few.filter(({ c }) => c.group === g).map(({ c }) => c));
}
