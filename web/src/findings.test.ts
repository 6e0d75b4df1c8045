import { describe, expect, it } from "vitest";
import type { Incident } from "./api";
import {
  type Finding,
  type FindingsAnswer,
  findingSorting,
  findingsCsv,
  findingsVerdict,
  incidentOf,
  kindOf,
  kindWords,
  segmentWords,
  seriesOf,
  shapeOf,
  stateWords,
  times,
} from "./findings";
import { say } from "./verdict";

const plain = (s: string) => s.replaceAll("\u00a0", " ");
const noon = Date.parse("2026-03-04T12:00:00Z");
const at = (seconds: number) => new Date(noon + seconds * 1000).toISOString();
const now = new Date(noon + 600_000);

function finding(over: Partial<Finding> = {}): Finding {
  return {
    id: "f1",
    kind: "failed",
    env: "production",
    app: "shop",
    name: "pay",
    of: "step",
    detector: "failed_rate",
    detector_version: 1,
    statistic: 24.5,
    threshold: 14,
    n: 20,
    hit: 10,
    share: 0.5,
    baseline: 0.01,
    baseline_n: 900,
    expected: 0.2,
    since: at(0),
    opened: at(14),
    updated: at(500),
    ended: null,
    paging: true,
    explanation: "10 of 20 customers failed",
    ...over,
  };
}

const answer = (findings: Finding[], more = false): FindingsAnswer => ({
  findings,
  more,
  window: "24h",
});

describe("state", () => {
  it("is by whether it lasts, pages and is of now", () => {
    expect(shapeOf(finding(), true)).toBe("failing");
    expect(shapeOf(finding({ paging: false }), true)).toBe("degraded");
    expect(shapeOf(finding({ ended: at(300) }), true)).toBe("over");
    expect(shapeOf(finding(), false)).toBe("no_data");
    expect(stateWords(finding(), false)).toBe("Lasted when last known");
    expect(stateWords(finding({ ended: at(300) }), false)).toBe("Over");
  });

  it("of telemetry that is gone is grey: what customers do is not known", () => {
    expect(shapeOf(finding({ kind: "silent", paging: true }), true)).toBe("no_data");
    const said = findingsVerdict(answer([finding({ kind: "silent", name: "" })]), "24 h", now);
    expect(said.tone).toBe("unknown");
    expect(plain(say(said.headline))).toMatch(/^1 finding lasts: no telemetry at shop since /);
  });
});

it("sorts what lasts and pages first, then the newest, and never jumps by updates", () => {
  const list = [
    finding({ id: "over", ended: at(300), opened: at(500) }),
    finding({ id: "calm", paging: false, opened: at(400) }),
    finding({ id: "b" }),
    finding({ id: "a", updated: at(590) }),
    finding({ id: "new", opened: at(20) }),
  ];
  expect(list.sort(findingSorting.compare).map((f) => f.id)).toEqual([
    "new",
    "a",
    "b",
    "calm",
    "over",
  ]);
});

it("says since when, when it was found and for how long", () => {
  const t = times(finding(), now);
  expect(t.since).toMatch(/^\d\d:00:00$/);
  expect(plain(t.opened)).toMatch(/^found \d\d:00:14, 14 s later$/);
  expect(plain(t.ended)).toBe("for 10 min now");
  expect(plain(times(finding({ ended: at(300) }), now).ended)).toMatch(
    /^over \d\d:05:00, after 5 min$/,
  );
  expect(times(finding({ since: "", opened: "" }), now)).toEqual({
    since: "unknown",
    opened: "",
    ended: "",
  });
});

it("names the segment that stands out, alone or in the whole", () => {
  const eu = { key: "region", value: "eu" };
  expect(segmentWords(finding({ segment: eu }))).toBe("only region=eu");
  expect(segmentWords(finding({ segments: [eu, { key: "plan", value: "pro" }] }))).toBe(
    "worst with region=eu, plan=pro",
  );
  expect(segmentWords(finding())).toBe("");
});

it("leads to its series and to the incident that rests on it", () => {
  expect(seriesOf(finding())).toEqual({ view: "tries", of: "step:shop/pay" });
  expect(seriesOf(finding({ of: "journey", name: "buy", app: "" }))).toEqual({
    view: "funnel",
    of: "journey:buy",
  });
  expect(seriesOf(finding({ name: "" }))).toBeNull();
  const incidents = [{ id: "i0" }, { id: "i1", findings: [{ id: "f1" }] }] as Incident[];
  expect(incidentOf(finding(), incidents)?.id).toBe("i1");
  expect(incidentOf(finding({ id: "f9" }), incidents)).toBeUndefined();
});

describe("the verdict", () => {
  const said = (a: FindingsAnswer) => {
    const v = findingsVerdict(a, "24 h", now);
    return [v.tone, plain(say(v.headline)), plain(v.detail.filter(Boolean).join("; "))];
  };

  it("is the worst that lasts", () => {
    const list = [
      finding({ paging: false, name: "cart", hit: 900 }),
      finding({ id: "f3", name: "search", hit: 5, opened: at(500) }),
      finding({ id: "f2" }),
    ];
    const [tone, headline, detail] = said(answer(list));
    expect(tone).toBe("failing");
    expect(headline).toMatch(/^3 findings last, worst: failures at pay since \d\d:00:00$/);
    expect(detail).toBe("3 findings in the last 24 h; 2 of paging class");
    expect(said(answer([finding({ paging: false })], true))[0]).toBe("degraded");
    expect(said(answer(list, true))[2]).toMatch(/^at least 3 findings/);
  });

  it("never turns green because nothing was found", () => {
    expect(said(answer([]))).toEqual([undefined, "Nothing was found in the last 24 h", ""]);
    expect(said(answer([finding({ ended: at(300) })]))).toEqual([
      undefined,
      "No finding lasts",
      "1 finding in the last 24 h; 1 of paging class",
    ]);
  });
});

it("knows the kinds, and asks for all when it does not", () => {
  expect([kindOf("burn"), kindOf("x"), kindOf(null)]).toEqual(["burn", "", ""]);
  expect([kindWords("silent"), kindWords("learnt_later")]).toEqual([
    "No telemetry",
    "learnt later",
  ]);
});

it("goes into a file, and no value becomes a formula", () => {
  const list = [
    finding({ segment: { key: "plan", value: "pro" }, explanation: "=1+1, and more", about: "" }),
  ];
  expect(findingsCsv(list).split("\r\n")[1]).toBe(
    `${at(0)},${at(14)},${at(500)},,yes,failed,step,shop,pay,plan=pro,,,failed_rate,10,20,0.5,0.01,900,0.2,24.5,14,"'=1+1, and more",f1`,
  );
});
