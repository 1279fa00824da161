/** Explanations: what each event did to one trigger, and why nothing came of it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { JsonObject } from "../../../src/core/model/json.ts";
import { automation, course, eventsOf, type Told } from "./told.ts";

const lines = (trigger: JsonObject, told: readonly Told[], until = 0): readonly string[] =>
  course([automation("one", trigger)], eventsOf(told), { until }).lines;

describe("a reactive trigger explained", () => {
  const three = { expect: ["a"], threshold: 3, within: 60 };

  it("counts, fires, and opens the next window where this one ends", () => {
    assert.deepEqual(
      lines(three, [
        [0, "a"],
        [5, "a"],
        [7, "b"],
        [9, "a"],
        [20, "a"],
      ]),
      [
        "10:00:00 counted 1 of 3 in [09:45:00, 10:01:00)",
        "10:00:05 counted 2 of 3 in [09:45:00, 10:01:00)",
        "10:00:07 not of interest: name b is not expected, expected one of a",
        "10:00:09 counted 3 of 3 in [09:45:00, 10:01:00) → fired; the next window is [10:01:00, 10:02:00)",
        "10:00:20 late: before the window's start 10:01:00",
      ],
    );
  });

  it("says which window ran out, by an event or by its timer", () => {
    assert.deepEqual(
      lines(
        three,
        [
          [0, "a"],
          [70, "a"],
        ],
        1000,
      ),
      [
        "10:00:00 counted 1 of 3 in [09:45:00, 10:01:00)",
        "10:01:10 window [09:45:00, 10:01:00) over with 1 of 3; counted 1 of 3 in [10:01:10, 10:02:10)",
        "10:03:10 timer: window [10:01:10, 10:02:10) over with 1 of 3 → forgotten",
      ],
    );
  });

  it("waits for its start, and tells what came without one", () => {
    const started = { ...three, after: ["s"], threshold: 1 };
    assert.deepEqual(
      lines(started, [
        [0, "a"],
        [1, "s"],
        [2, "s"],
        [3, "a"],
        [4, "s"],
        [65, "a"],
      ]),
      [
        "10:00:00 not counted: no window is open, it waits for a start (s)",
        "10:00:01 opens the window [10:00:01, 10:01:01)",
        "10:00:02 a start while the window [10:00:01, 10:01:01) is open: nothing changes",
        "10:00:03 counted 1 of 1 in [10:00:01, 10:01:01) → fired; it waits for a start (s)",
        "10:00:04 opens the window [10:00:04, 10:01:04)",
        "10:01:05 window [10:00:04, 10:01:04) over with 0 of 1; forgotten, it waits for a start (s)",
      ],
    );
  });

  it("fires for every event where it asks for nothing more", () => {
    assert.deepEqual(lines({ expect: ["a"] }, [[0, "a"]]), ["10:00:00 → fired: every such event does"]);
  });

  it("is not mixed up with others that see the same events", () => {
    const both = [automation("one", three), automation("other", { expect: ["a"] })];
    assert.deepEqual(course(both, eventsOf([[0, "a"]])).lines, [
      "10:00:00 counted 1 of 3 in [09:45:00, 10:01:00)",
    ]);
  });

  it("drops repeats, and does not see what it led to itself", () => {
    const [first, second] = eventsOf(
      [
        [0, "a"],
        [1, "a"],
      ],
      { id: "e0" },
    );
    assert.ok(first !== undefined && second !== undefined);
    const told = course([automation("one", { expect: [] })], [first, second]).lines;
    assert.deepEqual(told, [
      "10:00:00 → fired: every such event does",
      "10:00:00 not of interest: this automation led to it itself",
      "10:00:01 dropped: an event of this id came before",
    ]);
  });

  it("says what is held for the event it follows", () => {
    const [event] = eventsOf([[0, "a"]], { follows: "e9" });
    assert.ok(event !== undefined);
    assert.deepEqual(course([automation("one", three)], [event], { until: 901 }).lines, [
      "10:00:00 held: it follows e9, which has not come yet",
      "10:00:00 counted 1 of 3 in [09:45:00, 10:01:00)",
      "10:02:00 timer: window [09:45:00, 10:01:00) over with 1 of 3 → forgotten",
    ]);
  });
});

describe("a proactive trigger explained", () => {
  it("tiles its windows, satisfied or fired", () => {
    const standing = { posture: "Proactive", expect: ["a"], within: 60 };
    assert.deepEqual(lines(standing, [[10, "a"]], 130), [
      "10:00:00 opens the window [10:00:00, 10:01:00)",
      "10:00:10 counted 1 of 1 in [10:00:00, 10:01:00): satisfied",
      "10:01:00 timer: window [10:00:00, 10:01:00) over with 1 of 1: satisfied; the next is [10:01:00, 10:02:00)",
      "10:02:00 timer: window [10:01:00, 10:02:00) over with 0 of 1 → fired; the next is [10:02:00, 10:03:00)",
    ]);
  });

  it("starts its watch again with every heartbeat", () => {
    const heartbeat = { posture: "Proactive", after: ["b"], expect: ["b"], within: 30 };
    assert.deepEqual(
      lines(
        heartbeat,
        [
          [0, "b"],
          [20, "b"],
        ],
        60,
      ),
      [
        "10:00:00 opens the window [10:00:00, 10:00:30)",
        "10:00:20 counted: [10:00:00, 10:00:30) satisfied; opens the window [10:00:20, 10:00:50)",
        "10:00:50 timer: window [10:00:20, 10:00:50) over with 0 of 1 → fired; it waits for a start (b)",
      ],
    );
  });

  it("ends its watch when it is satisfied, and is not moved by what comes too late", () => {
    const answered = { posture: "Proactive", after: ["q"], expect: ["a"], within: 30 };
    assert.deepEqual(
      lines(
        answered,
        [
          [0, "q"],
          [5, "a"],
          [6, "a"],
          [50, "q", 10],
          [51, "a", 45],
        ],
        300,
      ),
      [
        "10:00:00 opens the window [10:00:00, 10:00:30)",
        "10:00:05 counted 1 of 1 in [10:00:00, 10:00:30): satisfied, it waits for a start (q)",
        "10:00:06 not counted: no window is open, it waits for a start (q)",
        "10:00:10 opens the window [10:00:10, 10:00:40)",
        "10:00:45 too late: the window [10:00:10, 10:00:40) is over",
        "10:00:51 timer: window [10:00:10, 10:00:40) over with 0 of 1 → fired; it waits for a start (q)",
      ],
    );
  });
});

describe("a composite explained", () => {
  const child = (name: string): JsonObject => ({ type: "event", posture: "Reactive", expect: [name] });
  const both = { type: "compound", require: "all", within: 60, triggers: [child("a"), child("b")] };

  it("shows which children it holds, which it forgot, and by which it fired", () => {
    assert.deepEqual(
      lines(both, [
        [0, "a"],
        [100, "b"],
        [110, "a"],
      ]),
      [
        "10:00:00 triggers[0] (a at 10:00:00) fired; holds 1 of 2: triggers[0] (a at 10:00:00)",
        "10:01:40 triggers[1] (b at 10:01:40) fired; forgot triggers[0] (a at 10:00:00): older than within; holds 1 of 2: triggers[1] (b at 10:01:40)",
        "10:01:50 triggers[0] (a at 10:01:50) fired → fired, by triggers[0] (a at 10:01:50), triggers[1] (b at 10:01:40)",
      ],
    );
  });

  it("says that a sequence holds all, but not in its order", () => {
    const sequence = { type: "sequence", within: 60, triggers: [child("a"), child("b")] };
    assert.deepEqual(
      lines(sequence, [
        [0, "b"],
        [10, "a"],
      ]).at(-1),
      "10:00:10 triggers[0] (a at 10:00:10) fired; holds 2 of 2: triggers[0] (a at 10:00:10), triggers[1] (b at 10:00:00), not in the order written",
    );
  });

  it("tells the story of a composite within a composite", () => {
    const nested = automation("one", { type: "sequence", within: null, triggers: [both, child("c")] });
    const inner = "triggers" in nested.trigger ? nested.trigger.triggers[0]?.id : undefined;
    assert.ok(inner !== undefined);
    const told = eventsOf([
      [0, "a"],
      [1, "b"],
      [2, "c"],
    ]);
    assert.deepEqual(course([nested], told, { triggerId: inner }).lines, [
      "10:00:00 triggers[0] (a at 10:00:00) fired; holds 1 of 2: triggers[0] (a at 10:00:00)",
      "10:00:01 triggers[1] (b at 10:00:01) fired → fired, by triggers[0] (a at 10:00:00), triggers[1] (b at 10:00:01)",
    ]);
  });
});

describe("an explanation, whatever comes", () => {
  const trigger = fc.record({
    posture: fc.constantFrom("Reactive", "Proactive"),
    after: fc.subarray(["s", "a"]),
    expect: fc.subarray(["a", "b"]),
    threshold: fc.integer({ min: 1, max: 3 }),
    within: fc.constantFrom(10, 60),
  });
  const told = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.constantFrom("s", "a", "b", "c"), fc.nat(90)), {
      maxLength: 25,
    })
    .map((all) =>
      all.toSorted(([a], [b]) => a - b).map(([second, name, lag]): Told => [second, name, second - lag]),
    );

  it("tells of every firing, and of no other", () => {
    fc.assert(
      fc.property(trigger, told, (asked, events) => {
        const { fired, lines: all } = course([automation("one", asked)], eventsOf(events), { until: 600 });
        assert.equal(all.filter((line) => line.includes("→ fired")).length, fired.length, all.join("\n"));
      }),
    );
  });

  it("has something to say about every event of the timeline", () => {
    fc.assert(
      fc.property(trigger, told, (asked, events) => {
        const { lines: all } = course([automation("one", asked)], eventsOf(events));
        const byEvents = all.filter((line) => !/timer:|led to it itself/.test(line));
        assert.ok(byEvents.length >= events.length, all.join("\n"));
      }),
    );
  });
});
