import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DEFAULT_LIMITS, eventToJson, readEvent } from "../../../src/core/model/event-reader.ts";
import { formatFault } from "../../../src/core/model/fault.ts";
import { formatInstant, type Instant, parseInstant } from "../../../src/core/model/time.ts";

const time = (text: string): Instant => parseInstant(text) ?? assert.fail(text);
const received = time("2026-01-02T03:04:05Z");
const ID = "84512249-c5c7-4306-a2d6-8f1662bfea31";
const sent = {
  id: ID,
  occurred: "2026-01-02T03:04:00Z",
  event: "ping",
  resource: { "prefect.resource.id": "x" },
};

const read = (json: unknown) => readEvent(json, { received, id: () => "made", limits: DEFAULT_LIMITS });

/** What is wrong with the event that was sent with these fields. */
function faults(fields: Readonly<Record<string, unknown>>): readonly string[] {
  const found = read({ ...sent, ...fields });
  return found.ok ? [] : found.faults.map((fault) => `${fault.type} ${formatFault(fault)}`);
}

const occurred = (value: unknown): string => {
  const found = read({ ...sent, occurred: value });
  return found.ok ? formatInstant(found.value.occurred) : (found.faults[0]?.message ?? "");
};

describe("an event that is read", () => {
  it("has defaults for what may be left out", () => {
    const found = read({ event: "ping", resource: { "prefect.resource.id": "x" } });
    assert.deepEqual(found.ok && found.value, {
      id: "made",
      event: "ping",
      occurred: received,
      received,
      resource: { "prefect.resource.id": "x" },
      related: [],
      payload: {},
      follows: null,
      causes: [],
    });
  });

  it("drops fields it does not know, and a `received` the sender made up", () => {
    const found = read({ ...sent, received: "1999-01-01", colour: "red" });
    assert.equal(found.ok && found.value.received, received);
    assert.equal(found.ok && "colour" in found.value, false);
  });

  it("takes times as text with or without zone, as a date, and as seconds or milliseconds", () => {
    assert.equal(occurred("2026-01-02T03:04:05.678901+02:00"), "2026-01-02T01:04:05.678901Z");
    assert.equal(occurred("2026-01-02T03:04:05"), "2026-01-02T03:04:05Z");
    assert.equal(occurred("2026-01-02"), "2026-01-02T00:00:00Z");
    assert.equal(occurred(1767323045.5), "2026-01-02T03:04:05.500Z");
    assert.equal(occurred(1767323045500), "2026-01-02T03:04:05.500Z");
  });

  it("reads the form that most write as it reads all forms, and takes no time that there was not", () => {
    const digits = (max: number, length: number) =>
      fc.nat(max).map((number) => String(number).padStart(length, "0"));
    const parts = fc.tuple(
      fc.oneof(digits(9999, 4), fc.constantFrom("1900", "2000", "2024", "2026")),
      digits(13, 2),
      digits(32, 2),
      digits(24, 2),
      digits(60, 2),
      digits(60, 2),
      digits(999, 3),
    );
    let found = 0;
    fc.assert(
      fc.property(
        parts,
        fc.nat(48),
        fc.constantFrom("", "x", "/", " "),
        fc.nat(1),
        (some, odd, other, longer) => {
          const [year, month, day, hour, minute, second, milli] = some;
          const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.${milli}Z`;
          const written = odd < 24 ? text : text.slice(0, odd - 24) + other + text.slice(odd - 23 - longer);
          const at = parseInstant(written);
          const isSafe = at !== null && Number.isSafeInteger(at);
          if (isSafe) found += 1;
          const event = read({ ...sent, occurred: written });
          assert.equal(event.ok ? event.value.occurred : null, isSafe ? at : null, written);
        },
      ),
      { numRuns: 2_000 },
    );
    assert.ok(found > 100, `only ${found} were times`);
  });

  it("has its id in lower case with hyphens", () => {
    const found = read({ ...sent, id: ID.replaceAll("-", "").toUpperCase() });
    assert.equal(found.ok && found.value.id, ID);
  });

  it("is the same after a way through JSON, whatever its payload", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (payload) => {
        const first = read({ ...sent, payload: JSON.parse(JSON.stringify(payload)) as unknown });
        assert.ok(first.ok);
        const json = eventToJson(first.value);
        assert.deepEqual(Object.keys(json), [
          "occurred",
          "event",
          "resource",
          "related",
          "payload",
          "id",
          "follows",
          "received",
        ]);
        assert.deepEqual(read(JSON.parse(JSON.stringify(json))), first);
      }),
    );
  });
});

describe("an event that cannot be read", () => {
  it("is told all its faults at once, each with its place", () => {
    assert.deepEqual(faults({ id: 1, occurred: "yesterday", event: null, payload: [] }), [
      "uuid_type id: UUID input should be a string, bytes or UUID object",
      "string_type event: Input should be a valid string",
      "value_error occurred: Value error, Unable to parse string [yesterday]",
      "dict_type payload: Input should be a valid dictionary",
    ]);
  });

  it("must be an object, with a name and a resource", () => {
    const list = read([]);
    assert.equal(!list.ok && list.faults[0]?.type, "model_attributes_type");
    const empty = read({});
    assert.deepEqual(!empty.ok && empty.faults.map(formatFault), [
      "event: Field required",
      "resource: Field required",
    ]);
  });

  for (const [what, fields, fault] of [
    [
      "an id that is none",
      { id: "abc" },
      "uuid_parsing id: Input should be a valid UUID, found 3 characters that are not one",
    ],
    [
      "a leader that is none",
      { follows: "abc" },
      "uuid_parsing follows: Input should be a valid UUID, found 3 characters that are not one",
    ],
    [
      "a time that is a truth value",
      { occurred: true },
      "datetime_type occurred: Input should be a valid datetime",
    ],
    [
      "a time that no clock shows",
      { occurred: "9999-01-01" },
      "value_error occurred: Value error, The time is out of range (years 1684 to 2255)",
    ],
    [
      "a long name",
      { event: "x".repeat(1025) },
      "value_error event: Value error, Event name must be at most 1024 characters",
    ],
    [
      "no resource id",
      { resource: { a: "b" } },
      "value_error resource: Value error, Resources must include the prefect.resource.id label",
    ],
    [
      "an empty resource id",
      { resource: { "prefect.resource.id": "" } },
      "value_error resource: Value error, The prefect.resource.id label must be non-empty",
    ],
    ["a resource that is none", { resource: "x" }, "dict_type resource: Input should be a valid dictionary"],
    [
      "a label that is a number",
      { resource: { "prefect.resource.id": "x", n: 1 } },
      "string_type resource.n: Input should be a valid string",
    ],
    [
      "related resources that are no list",
      { related: null },
      "list_type related: Input should be a valid list",
    ],
    [
      "a related resource without role",
      { related: [{ "prefect.resource.id": "y" }] },
      "value_error related[0]: Value error, Related Resources must include the prefect.resource.role label",
    ],
    [
      "a related resource with an empty role",
      { related: [{ "prefect.resource.id": "y", "prefect.resource.role": "" }] },
      "value_error related[0]: Value error, The prefect.resource.role label must be non-empty",
    ],
    [
      "too many related resources",
      { related: Array.from({ length: 101 }, () => ({})) },
      "value_error related: Value error, The maximum number of related resources is 100",
    ],
    ["a payload that is null", { payload: null }, "dict_type payload: Input should be a valid dictionary"],
    [
      "a payload too deep to walk",
      { payload: { a: JSON.parse("[".repeat(5000) + "]".repeat(5000)) } },
      "value_error payload: Value error, The payload may be nested 200 levels deep",
    ],
  ] as const) {
    it(`has ${what}`, () => {
      assert.deepEqual(faults(fields), [fault]);
    });
  }

  it("has too many labels", () => {
    const labels = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`l${i}`, "v"]));
    assert.deepEqual(faults({ resource: { "prefect.resource.id": "x", ...labels } }), [
      "value_error resource: Value error, The maximum number of labels per resource is 500",
    ]);
  });
});

describe("an event name of 1024 characters", () => {
  it("is counted in characters, not in halves of them", () => {
    assert.deepEqual(faults({ event: "📸".repeat(1024) }), []);
  });
});
