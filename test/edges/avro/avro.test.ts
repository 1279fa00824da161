/** Codecs bring back what they were given, whatever it is, and say where it went wrong when it did. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { openCodecs } from "../../../src/edges/avro/avro.ts";
import { fingerprint } from "../../../src/edges/avro/fingerprint.ts";
import { readSchemaFiles } from "../../../src/edges/avro/schema-files.ts";
import { type Encoded, Unreadable } from "../../../src/runtime/ports.ts";
import { valuesOf } from "./values.ts";

const dir = join(import.meta.dirname, "../../../schemas");
const files = readSchemaFiles(dir);
const codecs = openCodecs(dir);

const bytesOf = (text: string): Encoded => ({ value: new TextEncoder().encode(text), headers: {} });
const jsonOf = (record: Encoded): unknown => JSON.parse(new TextDecoder().decode(record.value));
const example = (name: string): string => readFileSync(join(dir, "examples", `${name}.json`), "utf8");
/** An example, with other fields, as it is in memory. */
const made = (name: string, fields: object = {}): Record<string, unknown> =>
  codecs
    .of<Record<string, unknown>>(name, "json")
    .decode(bytesOf(JSON.stringify({ ...JSON.parse(example(name)), ...fields })));

describe("every codec, whatever it is given", () => {
  for (const name of files.names) {
    const values = valuesOf(files.schema(name).schema, files);

    it(`brings back ${name} from Avro`, () => {
      const codec = codecs.of(name, "avro");
      fc.assert(
        fc.property(values, (value) => assert.deepEqual(codec.decode(codec.encode(value)), value)),
        { numRuns: 50 },
      );
    });

    if (name === "event") continue;
    it(`brings back ${name} from JSON`, () => {
      const codec = codecs.of(name, "json");
      fc.assert(
        fc.property(values, (value) => assert.deepEqual(codec.decode(codec.encode(value)), value)),
        { numRuns: 50 },
      );
    });
  }

  it("reads any bytes, or says that it cannot", () => {
    const encoded = codecs.of("stores/slots", "avro").encode(made("stores/slots")).value;
    const codec = codecs.of("stores/slots", "avro");
    const damage = fc.array(fc.tuple(fc.nat(encoded.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(damage, fc.nat(encoded.length), (changes, length) => {
        const bytes = encoded.slice(0, length);
        for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
        try {
          codec.decode({ value: bytes, headers: {} });
        } catch (error) {
          assert.ok(error instanceof Unreadable);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("a codec of what travels", () => {
  for (const [name, kind] of [
    ["travelling-match", "match"],
    ["travelling-firing", "firing"],
  ] as const) {
    for (const format of ["avro", "json"] as const) {
      it(`tells a ${kind} from a watermark by its kind, in ${format}`, () => {
        const codec = codecs.of(name, format);
        const record = made(kind);
        const watermark = made("watermark");
        assert.deepEqual(codec.decode(codec.encode(record)), record);
        assert.deepEqual(codec.decode(codec.encode(watermark)), watermark);
        assert.equal(record["kind"], kind);
        assert.equal(watermark["kind"], "watermark");
        assert.throws(() => codec.encode({ ...watermark, kind: "event" }), TypeError);
      });
    }
  }
});

describe("records as Avro", () => {
  it("are plain objects", () => {
    const codec = codecs.of<object>("watermark", "avro");
    const watermark = codec.decode(codec.encode(made("watermark")));
    assert.equal(Object.getPrototypeOf(watermark), Object.prototype);
  });

  it("have before them the mark and the fingerprint of Avro's single-object encoding", () => {
    assert.equal(fingerprint('"int"'), 0x7275d51a3f395c8fn);
    const { value } = codecs.of("watermark", "avro").encode(made("watermark"));
    assert.deepEqual([...value.subarray(0, 2)], [0xc3, 0x01]);
  });

  it("are refused where they are cut short, have something left over, or have no fingerprint", () => {
    const codec = codecs.of("watermark", "avro");
    const { value } = codec.encode(made("watermark"));
    const decode = (bytes: Uint8Array) => () => codec.decode({ value: bytes, headers: {} });
    assert.throws(decode(value.slice(0, -1)), {
      name: "Unreadable",
      message: "watermark: the bytes end too early",
    });
    assert.throws(decode(Uint8Array.of(...value, 0)), { message: "watermark: there are bytes left over" });
    assert.throws(decode(value.slice(10)), /expected Avro with its schema's fingerprint/);
    assert.throws(decode(value.with(5, 77)), /schema that is not known here \(fingerprint [0-9a-f]{16}\)/);
  });

  it("are refused at once where a count promises more than there are bytes", () => {
    const codec = codecs.of("stores/positions", "avro");
    const { value } = codec.encode({ inputs: {}, streamTime: 0, tables: {} });
    const countless = Uint8Array.of(...value.subarray(0, 10), 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
    assert.throws(() => codec.decode({ value: countless, headers: {} }), Unreadable);
  });

  it("are not written where they do not fit, and the fault has its place", () => {
    const bucket = { ...made("stores/bucket"), count: "two" };
    assert.throws(() => codecs.of("stores/bucket", "avro").encode(bucket), {
      name: "TypeError",
      message: 'stores/bucket: count: expected long, found "two"',
    });
  });

  it("keep times of any century apart", () => {
    const codec = codecs.of("stores/pending", "avro");
    for (const text of [
      "1684-07-28T00:12:25.259009Z",
      "1827-04-16T00:00:00Z",
      "1969-12-31T23:59:59.999999Z",
      "2255-06-05T23:47:34.740991Z",
    ]) {
      const pending = made("stores/pending", { due: text });
      assert.deepEqual(codec.decode(codec.encode(pending)), pending);
    }
  });

  it("may be larger than what was written before", () => {
    const codec = codecs.of("stores/rule", "avro");
    for (const chars of [1, 10_000, 5, 3_000_000]) {
      const rule = { meaning: "ä".repeat(chars), since: 3 };
      assert.deepEqual(codec.decode(codec.encode(rule)), rule);
    }
  });
});

describe("records as JSON", () => {
  it("are for people: times as text, durations in seconds, JSON as it is", () => {
    const { value } = codecs.of("run-command", "json").encode(made("run-command"));
    const json = jsonOf({ value, headers: {} });
    assert.ok(typeof json === "object" && json !== null && "scheduleAfter" in json);
    assert.deepEqual(json, JSON.parse(example("run-command")));
    assert.equal(json.scheduleAfter, 0.5);
  });

  it("fill in what is optional, and pass over what they do not know", () => {
    const { jobVariables: _, ...rest } = JSON.parse(example("run-command"));
    const command = codecs
      .of<object>("run-command", "json")
      .decode(bytesOf(JSON.stringify({ ...rest, priority: 3 })));
    assert.deepEqual(command, made("run-command"));
  });

  for (const [is, name, fields, message] of [
    [
      "a field that must be there",
      "run-event",
      { runId: undefined },
      "run-event: runId: expected a value, found nothing",
    ],
    [
      "a kind that is not known",
      "run-event",
      { kind: "lost" },
      /^run-event: kind: expected one of scheduled, .*, found "lost"$/,
    ],
    [
      "a time that is none",
      "watermark",
      { at: "noon" },
      'watermark: at: expected a time such as 2026-01-02T03:04:05Z, found "noon"',
    ],
    [
      "a duration that is none",
      "run-command",
      { scheduleAfter: "PT1S" },
      /scheduleAfter: expected a number of seconds/,
    ],
    [
      "a list for an object",
      "run-command",
      { parameters: [] },
      "run-command: parameters: expected an object, found []",
    ],
    [
      "something deep inside",
      "firing",
      { children: [{}] },
      "firing: children[0].kind: expected a value, found nothing",
    ],
    ["a value in a map", "firing", { labels: { a: 1 } }, "firing: labels.a: expected text, found 1"],
  ] as const) {
    it(`name the place of ${is}`, () => {
      const json = JSON.stringify({ ...JSON.parse(example(name)), ...fields });
      assert.throws(() => codecs.of(name, "json").decode(bytesOf(json)), { name: "Unreadable", message });
    });
  }

  it("are refused where they are no JSON, or no UTF-8", () => {
    const codec = codecs.of("watermark", "json");
    assert.throws(() => codec.decode(bytesOf("{")), { name: "Unreadable" });
    assert.throws(() => codec.decode({ value: Uint8Array.of(0x22, 0xff, 0x22), headers: {} }), {
      name: "Unreadable",
    });
    assert.throws(() => codec.decode(bytesOf("[]")), { message: "watermark: expected an object, found []" });
  });
});

describe("events as JSON", () => {
  const event = { ...JSON.parse(JSON.stringify(made("match")["event"])), causes: ["a1", "b2"] };

  it("are Prefect's wire form, without what is for the broker to say", () => {
    const record = codecs.of("event", "json").encode(event);
    assert.deepEqual(jsonOf(record), JSON.parse(example("event")));
  });

  it("name their causes in a header, where they have any", () => {
    const codec = codecs.of("event", "json");
    assert.deepEqual(codec.encode(event).headers, { "tripline-causes": "a1,b2" });
    assert.deepEqual(codec.encode({ ...event, causes: [] }).headers, {});
    const command = made("run-command", { causes: ["c3"] });
    assert.deepEqual(codecs.of("run-command", "json").encode(command).headers, { "tripline-causes": "c3" });
  });

  it("are read by the runtime, which knows the record's place", () => {
    assert.throws(() => codecs.of("event", "json").decode(bytesOf(example("event"))), /readEvent/);
  });
});

describe("a schema that has grown", () => {
  const temp = mkdtempSync(join(tmpdir(), "tripline-schemas-"));
  after(() => rmSync(temp, { recursive: true }));

  /** A field that everyone has from now on. */
  const grace = {
    name: "grace",
    type: ["null", { type: "long", logicalType: "duration-micros" }],
    default: null,
    doc: "Ours.",
  };
  const parsed = (path: string): { fields: object[] } => JSON.parse(readFileSync(join(temp, path), "utf8"));
  const write = (path: string, schema: object): void =>
    writeFileSync(join(temp, path), JSON.stringify(schema));

  cpSync(dir, temp, { recursive: true });
  mkdirSync(join(temp, "past/stores"), { recursive: true });
  const rule = parsed("stores/rule.avsc");
  const travelling = ["match", "reading", "watermark", "event"].map((name) => parsed(`${name}.avsc`));
  write("past/stores/rule.1.avsc", rule);
  write("stores/rule.avsc", { ...rule, fields: [...rule.fields, grace] });
  // What lies in the past stands by itself: the match as it was, the event in it written out.
  const [match, reading, watermark, event] = travelling;
  const written = match?.fields.map((field) =>
    "name" in field && field.name === "event" ? { ...field, type: event } : field,
  );
  write("past/travelling-match.1.avsc", [{ ...match, fields: written }, watermark ?? {}, reading ?? {}]);
  write("event.avsc", { ...event, fields: [...(event?.fields ?? []), grace] });
  const grown = openCodecs(temp);

  it("reads what was written before, with the new field's default", () => {
    const before = codecs.of("stores/rule", "avro").encode({ meaning: "m", since: 3 });
    assert.deepEqual(grown.of("stores/rule", "avro").decode(before), { meaning: "m", since: 3, grace: null });
  });

  it("reads so what travels, and what lies in it", () => {
    const value = made("match");
    const before = codecs.of("travelling-match", "avro").encode(value);
    const now = grown.of("travelling-match", "avro").decode(before);
    assert.deepEqual(now, { ...value, event: { ...Object(value["event"]), grace: null } });
    const mark = made("watermark");
    const markBefore = codecs.of("travelling-match", "avro").encode(mark);
    assert.deepEqual(grown.of("travelling-match", "avro").decode(markBefore), mark);
  });

  it("says so where the past is not known", () => {
    const before = codecs.of("match", "avro").encode(made("match"));
    assert.throws(() => grown.of("match", "avro").decode(before), /schema that is not known here/);
  });
});

describe("a folder of schemas", () => {
  const temp = mkdtempSync(join(tmpdir(), "tripline-schemas-"));
  after(() => rmSync(temp, { recursive: true }));
  const folder = (name: string, contents: Readonly<Record<string, string>>): string => {
    const path = join(temp, name);
    mkdirSync(path);
    for (const [file, text] of Object.entries(contents)) writeFileSync(join(path, file), text);
    return path;
  };

  it("is told by name where a file is missing", () => {
    assert.throws(
      () => codecs.of("nothing", "avro"),
      /no schema 'nothing': there is no .*schemas\/nothing\.avsc/,
    );
  });

  it("is told by name where a file is no JSON, or no schema", () => {
    assert.throws(() => openCodecs(folder("a", { "torn.avsc": "{" })), /a\/torn\.avsc: .*JSON/);
    const odd = openCodecs(folder("b", { "odd.avsc": '{ "type": "recor", "name": "Odd" }' }));
    assert.throws(() => odd.of("odd", "json"), /b\/odd\.avsc: unknown type: "recor"/);
  });

  it("is told by name where two files define the same", () => {
    const one = '{ "type": "enum", "name": "One", "namespace": "t", "symbols": ["a"] }';
    assert.throws(
      () => openCodecs(folder("c", { "a.avsc": one, "b.avsc": one })),
      /c\/b\.avsc: t\.One is defined/,
    );
  });
});
