/** Events as senders may write them: mostly sound, in any order and spacing, sometimes odd, sometimes broken. */
import fc from "fast-check";

const id = fc.oneof(
  { weight: 40, arbitrary: fc.uuid() },
  { weight: 1, arbitrary: fc.uuid().map((text) => text.toUpperCase()) },
  { weight: 1, arbitrary: fc.uuid().map((text) => text.replaceAll("-", "")) },
  { weight: 1, arbitrary: fc.constantFrom(7, null, "", "not-an-id", "0".repeat(36)) },
);
const name = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("looked", "looked", "looked.at", "seen") },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 1, "x".repeat(1025), "é".repeat(1025), "") },
);
const time = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .date({ min: new Date("1880-01-01"), max: new Date("2220-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString()),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom("2026", "2024", "1850", "2255", "9999"),
        fc.constantFrom(
          "-01-31",
          "-02-28",
          "-02-29",
          "-02-30",
          "-04-31",
          "-13-01",
          "-00-10",
          "-12-00",
          "/12/01",
        ),
        fc.constantFrom(
          "T00:00:00",
          "T23:59:59",
          "T24:00:00",
          "T12:60:00",
          "T12:00:60",
          "T1:00:00",
          " 12:00:00",
          "",
        ),
        fc.constantFrom("", ".1", ".123456789", ".1234567890", ".", ",5"),
        fc.constantFrom("Z", "z", "+00:00", "-23:59", "+24:00", "+01:60", "+0100", "+01", "", "Z "),
      )
      .map((parts) => parts.join("")),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 1.8e9, 1.8e12, true, "yesterday") },
);
const label = fc.oneof(
  { weight: 40, arbitrary: fc.string({ minLength: 1 }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>("", null, 3, ["a"]) },
);
const labelName = fc.oneof(
  { weight: 3, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.constantFrom("prefect.state-type", "prefect.resource.name", "__proto__") },
);
const labels = (needed: readonly string[]): fc.Arbitrary<Pairs> =>
  fc
    .tuple(
      fc.array(fc.tuple(labelName, label), { maxLength: 3 }),
      ...needed.map((one) => fc.tuple(fc.constant(one), label)),
    )
    .map(([more, ...own]) => new Pairs([...own, ...more]));

const optional = <T>(value: fc.Arbitrary<T>, oddly: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 20, arbitrary: value }, { weight: 1, arbitrary: fc.constantFrom(...oddly) });

const fields: readonly (readonly [string, fc.Arbitrary<unknown>])[] = [
  ["id", id],
  ["event", name],
  ["occurred", time],
  ["resource", optional(labels(["prefect.resource.id"]), [null, {}, [], "r"])],
  [
    "related",
    optional(fc.array(labels(["prefect.resource.id", "prefect.resource.role"]), { maxLength: 2 }), [
      null,
      {},
      [{}],
      [1],
    ]),
  ],
  ["payload", optional(fc.dictionary(fc.string(), fc.jsonValue()), [null, [], "text"])],
  ["follows", fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: id })],
  ["other", fc.jsonValue()],
];

/** An object that may have a name twice. */
class Pairs {
  readonly pairs: readonly (readonly [string, unknown])[];
  constructor(pairs: readonly (readonly [string, unknown])[]) {
    this.pairs = pairs;
  }
}

const space = fc.constantFrom("", "", "", " ", "\n", "\t ", "\r\n");

/** JSON text with spaces in it, and now and then an escape where none is needed. */
function write(value: unknown, gap: () => string, escape: () => boolean): string {
  const text = (one: string): string => {
    const written = JSON.stringify(one);
    const first = one.charCodeAt(0);
    if (!escape() || one === "" || first < 0x23 || first > 0x7e || first === 0x5c) return written;
    return `"\\u00${first.toString(16)}${written.slice(2)}`;
  };
  const among = (open: string, parts: readonly string[], close: string): string =>
    `${open}${gap()}${parts.join(`${gap()},${gap()}`)}${gap()}${close}`;
  if (typeof value === "string") return text(value);
  if (Array.isArray(value))
    return among(
      "[",
      value.map((one) => write(one, gap, escape)),
      "]",
    );
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const pairs = value instanceof Pairs ? value.pairs : Object.entries(value);
  return among(
    "{",
    pairs.map(([key, one]) => `${text(key)}${gap()}:${gap()}${write(one, gap, escape)}`),
    "}",
  );
}

/** The text of an event, sound more often than not. */
const eventText: fc.Arbitrary<string> = fc
  .tuple(
    fc.tuple(...fields.map(([, value]) => value)),
    fc.shuffledSubarray(
      fields.map((_, i) => i),
      { minLength: 0 },
    ),
    fc.shuffledSubarray(
      fields.map((_, i) => i),
      { minLength: fields.length },
    ),
    fc.nat(20),
    fc.infiniteStream(space),
    fc.infiniteStream(fc.nat(200)),
  )
  .map(([values, some, all, dice, spaces, chances]) => {
    const order = dice < 14 ? all : dice < 18 ? some : [...all, ...some.slice(0, 1)];
    const pairs = order.map((i) => [fields[i]?.[0] ?? "", values[i]] as const);
    const gap = (): string => spaces.next().value ?? "";
    return write(new Pairs(pairs), gap, () => chances.next().value === 0);
  });

/** What may stand where it should not. */
const odd = fc.constantFrom(
  0x22,
  0x5c,
  0x7b,
  0x7d,
  0x5b,
  0x5d,
  0x2c,
  0x3a,
  0x30,
  0x2d,
  0x2e,
  0x65,
  0x00,
  0x1f,
  0x20,
  0x75,
  0x80,
  0xc3,
  0xe2,
  0xed,
  0xf0,
  0xff,
);
const damage = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  cut: fc.nat(2),
  put: fc.array(odd, { maxLength: 2 }),
});

/** The bytes of an event, damaged here and there. */
export const eventBytes: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    eventText,
    fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(damage, { maxLength: 3 }) },
    ),
  )
  .map(([text, damages]) => {
    let bytes = [...new TextEncoder().encode(text)];
    for (const { at, cut, put } of damages)
      bytes = bytes.toSpliced(Math.floor(at * bytes.length), cut, ...put);
    return Uint8Array.from(bytes);
  });
