/** Between values and records: which topic a value goes to under which name, and how its bytes read. */
import type { Event } from "../core/model/event.ts";
import { DEFAULT_LIMITS, readEvent } from "../core/model/event-reader.ts";
import { formatFault } from "../core/model/fault.ts";
import { deriveTimeId } from "../core/model/id.ts";
import { type Instant, later, toMillis } from "../core/model/time.ts";
import type { Topic, Topology } from "../topology/topology.ts";
import type { Change, Entry, Output } from "./chain/chain.ts";
import { isFiring, leanFiring, leanState } from "./lean.ts";
import { Packer } from "./packed-entry.ts";
import {
  CAUSES_HEADER,
  type Codec,
  type Codecs,
  LogError,
  type LogRecord,
  type NewRecord,
  RECORD_BYTES_MAX,
  Unreadable,
} from "./ports.ts";

/** The header of records that travel and gather at their home. */
const GATHERS = "tripline-gathers";
/** The header of records that travel: the step they are for. Several steps may share a topic. */
const STEP = "tripline-step";

/** The schema of what each store keeps. */
const STORE_SCHEMAS: Readonly<Record<string, string>> = {
  waiting: "stores/waiting",
  buckets: "stores/bucket",
  gauges: "stores/gauge",
  slots: "stores/slots",
  rules: "stores/rule",
  positions: "stores/positions",
  "taken-ids": "stores/taken-ids",
  "inbox-evaluate": "match",
  "inbox-measure": "reading",
  "inbox-compose": "firing",
};

/** Where a record stands: for rejections, and for ids derived from it. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** What the order of tasks is told through the topics that records travel by. */
export interface Watermark {
  readonly kind: "watermark";
  readonly task: number;
  readonly at: Instant;
}

/** What comes through the topics that records travel by. */
export type Travelling =
  | Watermark
  | { readonly kind: "match" | "reading" | "firing"; readonly revision: number };

/** With room for the key, and for when to wake it. */
const STATE_BYTES_MAX = RECORD_BYTES_MAX - 64 * 1024;

export interface WireOptions {
  readonly topology: Topology;
  readonly codecs: Codecs;
  /** Topics are called `<prefix>.<topic>` on the broker. */
  readonly prefix: string;
}

export class Wire {
  readonly #options: WireOptions;
  readonly #entryCodec: Codec<Entry & { readonly state: Uint8Array }>;
  readonly #packers = new Map<string, Packer>();

  constructor(options: WireOptions) {
    this.#options = options;
    this.#entryCodec = options.codecs.of("stores/entry", "avro");
  }

  /** The name of a topic on the broker. */
  nameOf(topic: string): string {
    return `${this.#options.prefix}.${topic}`;
  }

  /** The topic of the topology that has this name on the broker. */
  topicNamed(name: string): string {
    return name.slice(this.#options.prefix.length + 1);
  }

  topic(name: string): Topic {
    const topic = this.#options.topology.topics[name];
    if (topic === undefined) throw new Error(`no topic '${name}' in the topology`);
    return topic;
  }

  encode({ topic, partition, key, value, gathers, step }: Output): NewRecord {
    const { schema, format } = this.topic(topic);
    const codec = this.#options.codecs.of(schema, format);
    let encoded = codec.encode(value);
    if (encoded.value.length > RECORD_BYTES_MAX && isFiring(value)) encoded = codec.encode(leanFiring(value));
    const headers = {
      ...encoded.headers,
      ...(gathers && { [GATHERS]: "1" }),
      ...(step !== undefined && { [STEP]: step }),
    };
    return { topic: this.nameOf(topic), partition, key, value: encoded.value, headers };
  }

  /** Reads a record of any topic but events; throws Unreadable. */
  decode<T>(topic: string, record: LogRecord): T {
    refuseUnreadable(record);
    if (record.value === null) throw new Unreadable("a tombstone, where a value was expected");
    const { schema, format } = this.topic(topic);
    return this.#options.codecs
      .of<T>(schema, format)
      .decode({ value: record.value, headers: record.headers });
  }

  gathers(record: LogRecord): boolean {
    return record.headers[GATHERS] === "1";
  }

  /** The step a record travels to; null where its sender did not say. */
  stepOf(record: LogRecord): string | null {
    return record.headers[STEP] ?? null;
  }

  /**
   * Reads an event as people write them: JSON, `id` and `occurred` filled in where they are missing, both the same
   * on every replay. Throws Unreadable with every fault. `notBefore` is what `received` must be later than.
   */
  decodeEvent(place: Place, record: LogRecord, notBefore: Instant): Event {
    refuseUnreadable(record);
    const received = later(record.timestamp, notBefore);
    if (record.value === null) throw new Unreadable("a record without a value is no event");
    const { bytesMax } = DEFAULT_LIMITS;
    if (record.value.length > bytesMax) {
      throw new Unreadable(`an event has at most ${bytesMax} bytes; this one has ${record.value.length}`);
    }
    const id = (): string =>
      deriveTimeId(toMillis(record.timestamp), place.topic, place.partition, record.offset);
    const causes = record.headers[CAUSES_HEADER]?.split(",").filter((cause) => cause !== "") ?? [];
    const read = readEvent(parseJson(record.value), { received, id, limits: DEFAULT_LIMITS, causes });
    if (!read.ok) throw new Unreadable(read.faults.map(formatFault).join("; "));
    return read.value;
  }

  /** A change of state as a record of the changelog. */
  encodeChange(changelog: string, partition: number, { store, key, entry }: Change): NewRecord {
    const value = entry === null ? null : this.#encodeEntry(store, entry);
    return { topic: this.nameOf(changelog), partition, key: `${store}|${key}`, value, headers: {} };
  }

  /** Reads it back. Where the log cannot give it, whatever was decided without it could be wrong: a person has to say. */
  decodeChange(record: LogRecord): Change {
    const { unreadable } = record;
    if (unreadable !== undefined) {
      throw new LogError(`state is to be restored, but ${unreadable}`, { retriable: false });
    }
    const name = record.key ?? "";
    const bar = name.indexOf("|");
    const store = name.slice(0, bar);
    const entry = record.value === null ? null : this.#decodeEntry(store, record.value);
    return { store, key: name.slice(bar + 1), entry };
  }

  #encodeEntry(store: string, entry: Entry): Uint8Array {
    const codec = this.#stateCodec(store);
    let state = codec.encode(entry.state).value;
    if (state.length > STATE_BYTES_MAX) state = codec.encode(leanState(entry.state)).value;
    return this.#entryCodec.encode({ ...entry, state }).value;
  }

  #decodeEntry(store: string, value: Uint8Array): Entry {
    let packer = this.#packers.get(store);
    packer ??= new Packer(this.#stateCodec(store));
    this.#packers.set(store, packer);
    return packer.pack(this.#entryCodec.decode({ value, headers: {} }));
  }

  #stateCodec(store: string): Codec<unknown> {
    const schema = STORE_SCHEMAS[store];
    if (schema === undefined) throw new Error(`no schema is known for what store '${store}' keeps`);
    return this.#options.codecs.of(schema, "avro");
  }
}

function refuseUnreadable({ unreadable }: LogRecord): void {
  if (unreadable !== undefined) throw new Unreadable(unreadable);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw new Unreadable(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });
