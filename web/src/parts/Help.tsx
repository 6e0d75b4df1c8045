import { Kbd } from "@mantine/core";
import { Dialog } from "./Dialog";

const keys: [string[], string][] = [
  [["j", "k"], "next, previous incident or journey"],
  [["Enter"], "open the journey or the incident"],
  [["/"], "command menu: pages, journeys, incidents, actions; find a customer or a trace"],
  [["g", "n"], "go to the first page"],
  [["g", "d"], "go to what the detectors found"],
  [["g", "i"], "go to the inventory"],
  [["f"], "freeze the page, or go on"],
  [["c"], "copy the link to what you see"],
  [["←", "→"], "walk through a chart"],
  [["Esc"], "close"],
  [["?"], "this help"],
];

/** Only where the window can be moved. */
const moving: typeof keys = [
  [["[", "]"], "one window back, one on, up to now"],
  [["."], "compare with a week before"],
];

const terms: [string, string][] = [
  [
    "Customer",
    "a distinct person, by the strongest identity known. One who retries ten times is one.",
  ],
  ["Failed", "could not reach the goal of the try."],
  ["Degraded", "reached it slowly, or the long way round."],
  [
    "Recovered, lost, undecided",
    "of the failed: it worked for them later; it did not in time; still open.",
  ],
  [
    "Journey, step",
    "a journey is a customer's whole way to a goal, written into the inventory; its steps count apart.",
  ],
  [
    "Abandoned",
    "left after a failure, while it was slow, or of their own will. Who is still under way has not left.",
  ],
  ["Completion", "success and degraded, of all tries but open and cancelled ones."],
  [
    "Interval",
    "where the true number lies in 95 of 100 cases; shown when the count is an estimate or small.",
  ],
  [
    "Finding",
    "a detector holds what it sees for no chance. Those of paging class also stand against everything else that is judged; only they open an incident.",
  ],
  [
    "Burn",
    "how fast the error budget of an objective is used up: 1× lasts exactly to the end of its window, 14× is an emergency.",
  ],
  [
    "Impact score",
    "0 to 100, of criticality, reach, stage, duration, segment value and harm; what it is made of is shown beside it.",
  ],
  ["No data", "nothing for a minute. Grey means Felt does not know, never that all is well."],
];

interface Props {
  opened: boolean;
  /** The view's window can be moved and compared. */
  moves: boolean;
  onClose: () => void;
}

export function Help({ opened, moves, onClose }: Props) {
  const all = moves ? [...keys.slice(0, 3), ...moving, ...keys.slice(3)] : keys;
  return (
    <Dialog title="Keys and words" opened={opened} onClose={onClose} size="lg">
      <dl className="help">
        {all.map(([names, what]) => (
          <div key={what}>
            <dt>
              {names.map((name) => (
                <Kbd key={name}>{name}</Kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <dl className="help words">
        {terms.map(([term, what]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
