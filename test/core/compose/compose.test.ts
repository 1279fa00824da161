import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { ComposeInput, Tree } from "../../../src/core/compose/compose.ts";
import { compose } from "../../../src/core/compose/compose.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import { firedRank, timerRank } from "../../../src/core/model/rank.ts";
import { treeKey } from "../../../src/core/model/tree-key.ts";
import type { CompositeTrigger, Trigger } from "../../../src/core/model/trigger.ts";
import { OneStage } from "../model/one-stage.ts";
import {
  at,
  compound,
  event,
  eventTrigger,
  ofKind,
  secondOf,
  sequence,
  tableFor,
  within,
} from "../model/samples.ts";

const child = (id: string): Trigger => eventTrigger({ id, expect: [id] });
const children = (names: string): readonly Trigger[] => Array.from(names, child);

/** A tree of composites, told which children fire: `A@10`; `AB@10` when one event makes both fire, `!A@10` by a timer; `A@5>10` is told late. */
class Told {
  readonly stage: OneStage<Tree, ComposeInput>;
  readonly #root: CompositeTrigger;
  #count = 0;

  constructor(root: CompositeTrigger) {
    this.#root = root;
    this.stage = new OneStage("compose", compose, tableFor(root));
  }

  tell(timeline: string, key: readonly string[] = []): readonly Firing[] {
    for (const told of timeline.split(" ")) {
      const [, timer, names = "", second = "0", late = second] = TOLD.exec(told) ?? [];
      this.#count += 1;
      const firings = Array.from(names, (name) =>
        this.#firing(name, { second: Number(second), late: Number(late), timer: timer === "!", key }),
      );
      this.stage.give(this.#treeKey(key), join(firings), at(Number(late)));
    }
    return this.stage.take().map(({ value }) => ofKind<Firing>("firing", value));
  }

  #treeKey(key: readonly string[]): string {
    // The tree stays where it is when its trigger is gone.
    const placed = tableFor(this.#root).triggers.get(this.#root.id);
    assert.ok(placed !== undefined);
    return treeKey(placed, key);
  }

  #firing(name: string, { second, late, timer, key }: Fired): Firing {
    const id = timer ? `${name}-last` : `e${this.#count}`;
    const position = this.stage.automations.triggers.get(name)?.position ?? 0;
    const moment = `1|${String(this.#count).padStart(4, "0")}`;
    return {
      kind: "firing",
      id: `${name}${this.#count}`,
      automationId: `of-${this.#root.id}`,
      triggerId: name,
      revision: 7,
      state: "Triggered",
      at: at(second),
      triggered: at(late),
      event: event(id, second),
      labels: {},
      key,
      windowStart: null,
      windowEnd: null,
      paidBy: [id],
      children: [],
      value: null,
      causes: [`of-${this.#root.id}`, `cause-of-${name}`],
      cause: timer ? "timer" : "event",
      rank: timer ? timerRank(position) : firedRank(moment, position),
    };
  }
}

interface Fired {
  readonly second: number;
  readonly late: number;
  readonly timer: boolean;
  readonly key: readonly string[];
}

const TOLD = /^(!?)(\w+)@([\d.]+)(?:>([\d.]+))?$/;

function join(firings: readonly Firing[]): ComposeInput {
  const joined = compose.join?.(firings);
  assert.ok(joined !== undefined);
  return joined;
}

/** `10: A5 B10`: when it fired, and the children it fired for. */
const story = (root: CompositeTrigger, timeline: string): string => told(new Told(root).tell(timeline));
const told = (firings: readonly Firing[]): string =>
  firings.map((one) => `${secondOf(one.triggered)}: ${one.children.map(nameOf).join(" ")}`).join(", ");
const nameOf = (one: Firing): string =>
  one.children.length === 0
    ? `${one.triggerId}${secondOf(one.at)}`
    : `${one.triggerId}(${one.children.map(nameOf).join(" ")})`;

describe("a compound of A and B", () => {
  const both = compound(children("AB"));

  it("fires when both have, and starts over", () => {
    assert.equal(story(both, "A@0 B@30 B@40 A@50"), "30: A0 B30, 50: A50 B40");
  });

  it("keeps the newest of each", () => {
    assert.equal(story(both, "A@0 A@50 B@100"), "100: A50 B100");
  });

  it("does not let an older firing that comes later take the place of a newer one", () => {
    assert.equal(story(both, "A@10 A@5>20 B@30"), "30: A10 B30");
  });

  it("joins what is exactly as far apart as its window, and nothing further", () => {
    const close = compound(children("AB"), { within: within(60) });
    assert.equal(story(close, "A@0 B@60"), "60: A0 B60");
    assert.equal(story(close, "A@0 B@61 A@70"), "70: A70 B61");
  });

  it("fires on one event that both children see", () => {
    assert.equal(story(both, "AB@5"), "5: A5 B5");
  });

  it("says who paid, who completed it, and what led to it", () => {
    const [firing] = new Told(both).tell("B@0 A@30");
    assert.equal(firing?.event?.id, "e2");
    assert.deepEqual(firing?.paidBy, ["e2", "e1"]);
    assert.deepEqual(firing?.causes, ["cause-of-A", "cause-of-B", "of-all"]);
    assert.deepEqual([firing?.labels, firing?.key], [{}, []]);
  });

  it("forgets what was held for another meaning", () => {
    const kept = new Told(both);
    kept.tell("A@0");
    kept.stage.automations = tableFor(compound(children("AB"), { within: within(60) }));
    assert.equal(told(kept.tell("B@10")), "");
    assert.equal(told(kept.tell("A@20")), "20: A20 B10");
  });

  it("goes with its trigger", () => {
    const kept = new Told(both);
    kept.tell("A@0");
    kept.stage.automations = tableFor();
    kept.tell("B@0");
    assert.equal(kept.stage.states.size, 0);
  });
});

describe("a compound of any", () => {
  const any = compound(children("AB"), { require: "any" });

  it("fires for each, and keeps nothing", () => {
    const kept = new Told(any);
    assert.equal(told(kept.tell("A@0 B@1")), "0: A0, 1: B1");
    assert.equal(kept.stage.states.size, 0);
  });

  it("fires once for an event that several children see (S11)", () => {
    assert.equal(story(any, "AB@0"), "0: A0");
  });

  it("is never held back when timers fire", () => {
    assert.equal(story(any, "!AB@0"), "0: A0, 0: B0");
  });
});

describe("a compound of two out of three", () => {
  it("fires with whatever two there are, in the order of the children", () => {
    assert.equal(story(compound(children("ABC"), { require: 2 }), "C@0 A@1 B@2 C@3"), "1: A1 C0, 3: B2 C3");
  });
});

describe("a sequence of A, B and C", () => {
  const abc = sequence(children("ABC"));
  const fires = (names: string): number =>
    new Told(abc).tell(Array.from(names, (name, i) => `${name}@${i}`).join(" ")).length;

  for (const names of ["ABC", "ABBC", "AABBC", "ACBC", "BABC", "BACABC", "ABACBC"]) {
    it(`fires once on ${names}`, () => assert.equal(fires(names), 1));
  }
  for (const names of ["CBA", "ABAC", "ACB", "AB"]) {
    it(`does not fire on ${names}`, () => assert.equal(fires(names), 0));
  }

  it("goes by event time; at one instant by the order in which they fired", () => {
    assert.equal(story(abc, "A@0 B@0 C@0"), "0: A0 B0 C0");
    assert.equal(story(abc, "B@0 A@0 C@0"), "");
  });

  it("of two children that one event makes fire, lets the first with an empty slot take it (S11)", () => {
    const same = sequence(children("AB"));
    assert.equal(story(same, "AB@0 AB@1"), "1: A0 B1");
    assert.equal(story(same, "AB@0 AB@1 AB@2 AB@3"), "1: A0 B1, 3: A2 B3");
  });
});

describe("composites within composites", () => {
  it("go up at once through compounds, at the end of the moment through sequences", () => {
    const inner = compound(children("AB"), { id: "inner", require: "any" });
    assert.equal(story(compound([inner, child("C")]), "A@0 C@1"), "1: inner(A0) C1");
    const order = sequence(children("AB"), { id: "inner" });
    assert.equal(story(sequence([order, child("C")]), "A@0 B@1 C@2"), "2: inner(A0 B1) C2");
  });

  it("let the written order decide who takes an event that goes up two ways", () => {
    const single = sequence(children("A"), { id: "inner" });
    assert.equal(story(sequence([single, child("B")]), "AB@0 AB@1"), "1: inner(A0) B1");
  });

  it("take the event time of their latest child (S10)", () => {
    const inner = compound(children("AB"), { id: "inner" });
    const firings = new Told(compound([inner, child("C")], { within: within(10) })).tell("A@0 B@20 C@30");
    assert.equal(told(firings), "30: inner(A0 B20) C30");
  });
});

describe("a composite that correlates its children", () => {
  const keyed = (name: string) => eventTrigger({ id: name, expect: [name], forEach: ["id"] });
  const both = compound([keyed("A"), keyed("B")], { correlate: true });

  it("joins only what has the same key", () => {
    const kept = new Told(both);
    assert.equal(told(kept.tell("A@0", ["r1"])), "");
    assert.equal(told(kept.tell("B@1", ["r2"])), "");
    assert.equal(told(kept.tell("B@2", ["r1"])), "2: A0 B2");
  });

  it("joins by the key through all its levels", () => {
    const inner = compound(children("AB"), { id: "inner", correlate: true });
    const kept = new Told(sequence([inner, child("C")], { correlate: true }));
    assert.equal(told(kept.tell("A@0 B@1", ["r1"])), "");
    assert.equal(told(kept.tell("C@2", ["r2"])), "");
    assert.equal(told(kept.tell("C@3", ["r1"])), "3: inner(A0 B1) C3");
  });

  it("forgets a key after 7 days", () => {
    const kept = new Told(both);
    kept.tell("A@0", ["r1"]);
    kept.stage.pass(at(7 * 86_400 - 1));
    assert.equal(kept.stage.states.size, 1);
    kept.stage.pass(at(7 * 86_400));
    assert.equal(kept.stage.states.size, 0);
  });
});

describe("a composite, whatever comes", () => {
  const timeline = fc
    .array(fc.constantFrom("A", "B", "C", "AB", "BC", "ABC"), { minLength: 1, maxLength: 30 })
    .map((names) => names.map((name, i) => `${name}@${i * 7}`).join(" "));
  const roots = fc.constantFrom<CompositeTrigger>(
    compound(children("ABC"), { within: within(20) }),
    compound(children("ABC"), { require: 2 }),
    compound(children("ABC"), { require: "any" }),
    sequence(children("ABC"), { within: within(30) }),
  );

  it("fires at most once an event, and spends every child's firing once", () => {
    fc.assert(
      fc.property(roots, timeline, (root, told1) => {
        const firings = new Told(root).tell(told1);
        const completed = firings.map((one) => one.event?.id);
        assert.equal(new Set(completed).size, completed.length);
        const spent = firings.flatMap((one) => one.children.map(({ id, triggerId }) => `${triggerId} ${id}`));
        assert.equal(new Set(spent).size, spent.length);
      }),
    );
  });

  it("never joins what is further apart than its window", () => {
    fc.assert(
      fc.property(roots, timeline, (root, told1) => {
        for (const { at: latest, children: used } of new Told(root).tell(told1)) {
          const oldest = Math.min(...used.map((one) => one.at));
          assert.ok(root.within === null || latest - oldest <= root.within);
        }
      }),
    );
  });
});
