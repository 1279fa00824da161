/** The topics and their partitions, in memory as they stand in the database, which no other process can change. */

import { partitionOf } from "../../runtime/partitioner.ts";
import { type NewRecord, type TopicSpec } from "../../runtime/ports.ts";
import { type Database, integer, PARTITIONS_MAX, refusal, text } from "./database.ts";

/** How far a partition has come; changed after the transaction that changes it in the database. */
export interface Partition {
  readonly id: number;
  readonly topic: Topic;
  readonly number: number;
  start: number;
  next: number;
  cleaned: number;
  /** The timestamp of the newest record, in milliseconds. */
  lastMs: number;
  /** The latest time at which a reader was told that this was all: every later record is later than that. */
  announcedMs: number;
  /** Records appended since it was last cleaned. */
  sinceCleaned: number;
  /** Called after every commit that appended to it. */
  readonly watchers: Set<() => void>;
}

export interface Topic {
  readonly name: string;
  /** Null: the newest record of each key is kept. */
  keepMs: number | null;
  readonly partitions: Partition[];
}

export class Topics {
  readonly #database: Database;
  readonly #topics = new Map<string, Topic>();
  #nextKeyless = 0;

  constructor(database: Database) {
    this.#database = database;
    for (const row of database.prepare("SELECT name, keep_ms FROM topics").all()) {
      const keepMs = row["keep_ms"] === null ? null : integer(row["keep_ms"]);
      this.#topics.set(text(row["name"]), { name: text(row["name"]), keepMs, partitions: [] });
    }
    for (const row of database.prepare("SELECT * FROM partitions ORDER BY topic, number").all()) {
      const topic = this.topic(text(row["topic"]));
      const partition = newPartition(topic, integer(row["id"]), integer(row["number"]));
      partition.start = integer(row["start"]);
      partition.next = integer(row["next"]);
      partition.cleaned = integer(row["cleaned"]);
      partition.lastMs = integer(row["last_ms"]);
      topic.partitions.push(partition);
    }
  }

  create(specs: readonly TopicSpec[]): void {
    const faults = specs.flatMap((spec) => faultsOf(spec, this.#topics.get(spec.name)));
    if (faults.length > 0) {
      throw refusal(
        `${faults.join("; ")}. Partition counts are chosen once: ask for the counts that are there, or name another data directory.`,
      );
    }
    const made = this.#database.transact(() => specs.map((spec) => this.#save(spec)));
    for (const topic of made) this.#topics.set(topic.name, topic);
  }

  #save(spec: TopicSpec): Topic {
    const keepMs = spec.keep === "latest" ? null : spec.keep.ms;
    this.#database
      .prepare(
        "INSERT INTO topics VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET keep_ms = excluded.keep_ms",
      )
      .run(spec.name, spec.partitions, keepMs);
    const found = this.#topics.get(spec.name);
    if (found !== undefined) return Object.assign(found, { keepMs });

    const topic: Topic = { name: spec.name, keepMs, partitions: [] };
    const insert = this.#database.prepare("INSERT INTO partitions (topic, number) VALUES (?, ?)");
    for (let number = 0; number < spec.partitions; number++) {
      const id = Number(insert.run(spec.name, number).lastInsertRowid);
      if (id > PARTITIONS_MAX)
        throw refusal(`${spec.name}: the log holds at most ${PARTITIONS_MAX} partitions`);
      topic.partitions.push(newPartition(topic, id, number));
    }
    return topic;
  }

  topic(name: string): Topic {
    const found = this.#topics.get(name);
    if (found === undefined) throw refusal(`There is no topic ${name}.`);
    return found;
  }

  partition(topic: string, number: number): Partition {
    const { partitions } = this.topic(topic);
    const found = partitions[number];
    if (found !== undefined) return found;
    throw refusal(`There is no partition ${number} of ${topic}, which has ${partitions.length}.`);
  }

  /** Where a record goes: as it says, else by its key, else in turn. */
  route(record: NewRecord): Partition {
    const topic = this.topic(record.topic);
    if (record.key === null && topic.keepMs === null) {
      throw refusal(`${topic.name} keeps the newest record of each key: a record needs one.`);
    }
    if (record.partition !== null) return this.partition(record.topic, record.partition);
    const count = topic.partitions.length;
    return this.partition(
      record.topic,
      record.key === null ? this.#nextKeyless++ % count : partitionOf(record.key, count),
    );
  }

  /** The partition count that these topics have in common. */
  commonCount(names: readonly string[]): number {
    const counts = names.map((name) => this.topic(name).partitions.length);
    const [first] = counts;
    if (first === undefined) throw refusal("A group needs a topic.");
    if (counts.every((count) => count === first)) return first;
    const told = names.map((name, i) => `${name} has ${counts[i] ?? 0}`);
    throw refusal(`Topics read together need the same number of partitions: ${told.join(", ")}.`);
  }

  *all(): Iterable<Partition> {
    for (const topic of this.#topics.values()) yield* topic.partitions;
  }
}

function newPartition(topic: Topic, id: number, number: number): Partition {
  const empty = { start: 0, next: 0, cleaned: 0, lastMs: 0, announcedMs: 0, sinceCleaned: 0 };
  return { id, topic, number, ...empty, watchers: new Set() };
}

function faultsOf(spec: TopicSpec, found: Topic | undefined): string[] {
  if (!Number.isInteger(spec.partitions) || spec.partitions < 1) {
    return [`${spec.name} cannot have ${spec.partitions} partitions`];
  }
  const count = found?.partitions.length ?? spec.partitions;
  if (count === spec.partitions) return [];
  return [`${spec.name} has ${count} partitions, ${spec.partitions} are asked for`];
}
