/** What the claims about a log are made of: records, ways to read a topic to its end, and the log under test. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  type Batch,
  type Log,
  LogError,
  type LogRecord,
  type Member,
  type NewRecord,
  type Position,
  type TopicSpec,
} from "../../src/runtime/ports.ts";

export interface OpenedLog {
  readonly log: Log;
  close(): Promise<void>;
}

/** A transaction whose records stand in the log and whose end is still to come: its writer is held there. */
export interface Held {
  /**
   * `commit`: it goes on as if nothing had been; `lose-answer`: it is ended, and its writer does not hear of it; `lose`: its
   * writer's word never arrives. Gives what the commit came to for the writer: null, or an error.
   */
  end(how: "commit" | "lose-answer" | "lose"): Promise<unknown>;
}

export interface LogPromises {
  /** Closes and opens anew, on the same storage. Without it, what a restart finds is not tested. */
  readonly reopen?: (opened: OpenedLog) => Promise<OpenedLog>;
  /** Has a topic compacted, where that does not come by itself with 3,000 records. */
  readonly compact?: (topic: string) => Promise<void>;
  /** Commits by a writer of its own, and holds it. Without it, records and commit are one step of this log. */
  readonly hold?: (writer: string, records: readonly NewRecord[]) => Promise<Held>;
  /** By how much `askedAt` may be ahead of the broker's clock; 0 where they are one clock. */
  readonly clockErrorMs?: number;
  readonly deadlineMs?: number;
}

/** Longer than any deadline: a poll that takes it has not noticed what it waits for. */
export const FOREVER_MS = 600_000;
export const KEEP = { ms: 86_400_000 };

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (record: LogRecord): string | null =>
  record.value === null ? null : new TextDecoder().decode(record.value);
export const record = (topic: string, key: string | null, value: string | null): NewRecord => ({
  topic,
  partition: null,
  key,
  value: value === null ? null : bytes(value),
  headers: {},
});
export const at = (partition: number, topic: string, value: string): NewRecord => ({
  ...record(topic, `of ${value}`, value),
  partition,
});
export const numbered = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
export const isLogError = (error: unknown): boolean => error instanceof LogError;

/** Polls until `isDone`, and gives back all that came. */
export async function pollUntil(
  log: Log,
  from: readonly Position[],
  isDone: (all: readonly Batch[]) => boolean,
): Promise<readonly Batch[]> {
  const reader = await log.openReader(from);
  const all: Batch[] = [];
  while (!isDone(all)) all.push(...(await reader.poll(FOREVER_MS)));
  await reader.close();
  return all;
}

/** All committed records of a partition, from a position up to its end as it is now. */
export async function readToEnd(
  log: Log,
  topic: string,
  partition: number,
  from?: number,
): Promise<readonly LogRecord[]> {
  const offset = from ?? (await log.start(topic, partition));
  const end = await log.end(topic, partition);
  const isDone = (all: readonly Batch[]): boolean => (all.at(-1)?.nextOffset ?? offset) >= end;
  const all = await pollUntil(log, [{ topic, partition, offset }], isDone);
  return all.flatMap((batch) => batch.records).filter((found) => found.offset < end);
}

export async function textsOf(log: Log, topic: string, partition = 0): Promise<readonly (string | null)[]> {
  return (await readToEnd(log, topic, partition)).map(textOf);
}

/** What a reader of a compacted topic knows at the end: the newest value of each key. */
export async function tableOf(log: Log, topic: string): Promise<Readonly<Record<string, string>>> {
  const table = new Map<string, string>();
  for (const found of await readToEnd(log, topic, 0)) {
    const value = textOf(found);
    if (value === null) table.delete(found.key ?? "");
    else table.set(found.key ?? "", value);
  }
  return Object.fromEntries(table);
}

export const sorted = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b);

/** A member that lets go at once, and remembers what it was told. */
export class Share implements Member {
  numbers: readonly number[] = [];
  async assigned(partitions: readonly number[]): Promise<void> {
    this.numbers = partitions;
  }
  failed(error: Error): void {
    assert.fail(error);
  }
}

/** The log under test, which changes where a test opens it anew, and what a test needs of it. */
export class Subject {
  opened: OpenedLog | null = null;
  readonly promises: LogPromises;
  readonly deadlineMs: number;

  constructor(promises: LogPromises) {
    this.promises = promises;
    this.deadlineMs = promises.deadlineMs ?? 30_000;
  }

  get log(): Log {
    assert.ok(this.opened !== null, "the log is open");
    return this.opened.log;
  }

  /** A test of one claim. */
  promise(claim: string, test: (log: Log) => Promise<void>): void {
    void it(claim, { timeout: this.deadlineMs }, () => test(this.log));
  }

  async topic(partitions: number, keep: TopicSpec["keep"] = KEEP): Promise<string> {
    const name = unique(keep === "latest" ? "table" : "topic");
    await this.log.create([{ name, partitions, keep }]);
    return name;
  }

  /** The condition holds, sooner or later. */
  async comes(what: string, condition: () => boolean): Promise<void> {
    const deadline = performance.now() + this.deadlineMs / 2;
    while (!condition()) {
      assert.ok(performance.now() < deadline, `${what}: not in time`);
      await pause(5);
    }
  }
}

/** A name that no other test has, nor any run before this one. */
export const unique = (kind: string): string => `${kind}-${randomUUID().slice(0, 8)}`;
