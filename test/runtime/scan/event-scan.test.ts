import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Event } from "../../../src/core/model/event.ts";
import { DEFAULT_LIMITS, readEvent } from "../../../src/core/model/event-reader.ts";
import { STATE_TYPE } from "../../../src/core/model/labels.ts";
import { fromMillis } from "../../../src/core/model/time.ts";
import { idOfUnwanted } from "../../../src/runtime/scan/event-scan.ts";
import { Names } from "../../../src/runtime/scan/names.ts";
import { eventBytes } from "./written.ts";

const RECEIVED = fromMillis(Date.UTC(2026, 0, 1));
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The event as it is read where nothing is scanned; null where it is rejected. */
function read(bytes: Uint8Array): Event | null {
  try {
    const context = { received: RECEIVED, id: () => "none", limits: DEFAULT_LIMITS };
    const event = readEvent(JSON.parse(utf8.decode(bytes)), context);
    return event.ok ? event.value : null;
  } catch {
    return null;
  }
}

const names = (inStates: boolean): Names =>
  new Names({ inName: (name) => name.startsWith("seen"), inStates });
const scan = (event: unknown, inStates = false): string | null =>
  idOfUnwanted(
    new TextEncoder().encode(typeof event === "string" ? event : JSON.stringify(event)),
    names(inStates),
  );

const ID = "0a1b2c3d-1234-4abc-8def-0123456789ab";
const sound = {
  id: ID,
  occurred: "2026-01-02T03:04:05.678Z",
  event: "looked",
  resource: { "prefect.resource.id": "host.1", "prefect.resource.name": "é €  😀 \n" },
  related: [{ "prefect.resource.id": "flow.1", "prefect.resource.role": "flow" }],
  payload: { a: [1, -0.5e3, true, null, { b: "" }], __proto__: 1 },
  follows: null,
};

describe("the scan of an event", () => {
  it("passes only what the reader takes, with the same id, and what nobody wants, whatever is written", () => {
    let passed = 0;
    fc.assert(
      fc.property(eventBytes, fc.boolean(), (bytes, inStates) => {
        const id = idOfUnwanted(bytes, names(inStates));
        if (id === null) return;
        passed += 1;
        const event = read(bytes);
        assert.equal(event?.id, id);
        assert.equal(event?.follows, null);
        assert.ok(!event.event.startsWith("seen"));
        assert.ok(!inStates || !Object.hasOwn(event.resource, STATE_TYPE));
      }),
      { numRuns: 3_000 },
    );
    assert.ok(passed > 300, `only ${passed} were passed: the property says little`);
  });

  it("passes what senders usually write, in any order, with and without what need not be said", () => {
    assert.equal(scan(sound), ID);
    assert.equal(scan(JSON.stringify(sound, null, 2)), ID);
    assert.equal(scan(Object.fromEntries(Object.entries(sound).toReversed())), ID);
    const { related: _r, payload: _p, follows: _f, ...least } = sound;
    assert.equal(scan(least), ID);
    assert.equal(scan({ ...least, unknown: [{}] }), ID);
    for (const occurred of [
      "2026-12-31T23:59:59Z",
      "2026-01-02T03:04:05.123456+01:00",
      "1999-02-28T00:00:00-05:30",
    ])
      assert.equal(scan({ ...sound, occurred }), ID, occurred);
  });

  it("leaves what is wanted to the reader", () => {
    assert.equal(scan({ ...sound, event: "seen" }), null);
    assert.equal(scan({ ...sound, follows: ID }), null);
    const resource = { ...sound.resource, [STATE_TYPE]: "FAILED" };
    assert.equal(scan({ ...sound, resource }, true), null);
    assert.equal(scan({ ...sound, resource }, false), ID);
  });

  it("leaves what is wrong or unusual to the reader", () => {
    const text = JSON.stringify(sound);
    const odd: readonly unknown[] = [
      ...["id", "event", "occurred", "resource"].map((field) => ({ ...sound, [field]: undefined })),
      { ...sound, id: ID.toUpperCase() },
      { ...sound, event: "x".repeat(1025) },
      { ...sound, occurred: "2024-02-29T00:00:00Z" },
      { ...sound, resource: {} },
      { ...sound, resource: { "prefect.resource.id": "" } },
      { ...sound, resource: { "prefect.resource.id": "a", n: 1 } },
      { ...sound, resource: Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`l${i}`, "x"])) },
      { ...sound, related: [{ "prefect.resource.id": "a" }] },
      { ...sound, related: Array(101).fill(sound.related[0]) },
      { ...sound, payload: [] },
      text.slice(0, -1),
      `${text}x`,
      text.replace('"looked"', '"look\\u0065d"'),
      text.replace('"event"', '"even\\u0074"'),
      text.replace('"follows"', `"id":"${ID}","follows"`),
      text.replace('"prefect.resource.role"', '"prefect.resource.id":"b","prefect.resource.role"'),
      text.replace("-500", "-0500"),
      text.replace("-500", "- 500"),
      text.replace("true", "True"),
      text.replace('{"a":', `{"deep":${"[".repeat(60)}${"]".repeat(60)},"a":`),
    ];
    for (const one of odd) assert.equal(scan(one), null, JSON.stringify(one).slice(0, 300));
  });
});

describe("the scan of a text", () => {
  it("takes the characters that UTF-8 has, and no others", () => {
    const around = JSON.stringify({ ...sound, payload: { text: "?" } }).split("?");
    const [before = [], after = []] = around.map((part) => [...new TextEncoder().encode(part)]);
    for (let lead = 0x80; lead < 0x100; lead++) {
      for (let second = 0x70; second < 0x100; second++) {
        const count = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        const character = [lead, second, 0x80, 0xbf].slice(0, count);
        const bytes = Uint8Array.from([...before, ...character, ...after]);
        const isSound = read(bytes) !== null;
        assert.equal(idOfUnwanted(bytes, names(false)) !== null, isSound, character.join(" "));
        const cut = Uint8Array.from([...before, ...character.slice(0, -1), ...after]);
        assert.equal(idOfUnwanted(cut, names(false)) !== null, read(cut) !== null, character.join(" "));
      }
    }
  });
});

describe("the scan of a time", () => {
  const forms = [
    ["2026", "1999", "2155", "1850", "2255"],
    ["-01-31", "-02-28", "-02-29", "-04-31", "-13-01", "-00-10", "-12-00", "-1-01", "/12/01"],
    ["T00:00:00", "T23:59:59", "T24:00:00", "T12:60:00", "T12:00:60", "T12-00-00", " 12:00:00", ""],
    ["", ".1", ".123456789", ".1234567890", "."],
    ["Z", "+00:00", "-23:59", "+24:00", "+01:60", "+01", "", "Z "],
  ];
  it("takes no time that the reader does not", () => {
    let passed = 0;
    const times = forms.reduce(
      (starts, ends) => starts.flatMap((start) => ends.map((end) => start + end)),
      [""],
    );
    for (const occurred of times) {
      const event = { ...sound, occurred };
      if (scan(event) === null) continue;
      passed += 1;
      assert.notEqual(read(new TextEncoder().encode(JSON.stringify(event))), null, occurred);
    }
    assert.equal(passed, 3 * 2 * 2 * 3 * 3);
  });
});

describe("names as bytes", () => {
  it("are asked about once each, however many there are", () => {
    let asked = 0;
    const counting = new Names({
      inName: (name) => {
        asked += 1;
        return name.endsWith("7");
      },
      inStates: false,
    });
    const ask = (name: string): boolean => {
      const bytes = new TextEncoder().encode(`"${name}"`);
      return counting.wants(bytes, 1, bytes.length - 1);
    };
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 500; i++) assert.equal(ask(`name.${i}`), i % 10 === 7);
    assert.ok(asked < 510, `asked ${asked} times`);
    for (let i = 0; i < 25_000; i++) assert.equal(ask(`other.${i}`), i % 10 === 7);
  });
});
