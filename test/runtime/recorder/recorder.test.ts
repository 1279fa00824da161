/** The historian's loop: what stands in the log stands in history, once, whatever fails on the way. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Log, LogRecord, NewRecord, Row } from "../../../src/runtime/ports.ts";
import {
  createRecorder,
  type Recorder,
  type RecorderOptions,
} from "../../../src/runtime/recorder/recorder.ts";
import { MemoryBroker } from "../../support/memory-log.ts";

/** History as ClickHouse keeps it: blocks whole, each token once. */
class MemoryHistory {
  readonly rows: Row[] = [];
  readonly tokens = new Set<string>();
  isDown = false;
  /** What the next insert does instead: keeps the block and loses the answer. */
  losesAnswer = false;
  attempts = 0;
  /** What an insert waits for. */
  gate: Promise<void> = Promise.resolve();

  isPrepared = false;

  async prepare(): Promise<void> {
    if (this.isDown) throw new Error("history is down");
    this.isPrepared = true;
  }

  async nextOffset(_table: string, topic: string, partition: number): Promise<number> {
    if (this.isDown) throw new Error("history is down");
    const offsets = this.rows
      .filter((row) => row["topic"] === topic && row["partition"] === partition)
      .map((row) => Number(row["offset"]));
    return Math.max(-1, ...offsets) + 1;
  }

  async insert(_table: string, rows: readonly Row[], token: string): Promise<void> {
    if (!this.isPrepared) throw new Error("there are no tables yet");
    this.attempts += 1;
    await this.gate;
    if (this.isDown) throw new Error("history is down");
    if (!this.tokens.has(token)) this.rows.push(...rows);
    this.tokens.add(token);
    if (!this.losesAnswer) return;
    this.losesAnswer = false;
    throw new Error("the answer was lost");
  }

  kept(topic: string): readonly string[] {
    return this.rows
      .filter((row) => row["topic"] === topic)
      .map((row) => `${String(row["partition"])}:${String(row["offset"])} ${String(row["text"])}`)
      .toSorted();
  }
}

const decoder = new TextDecoder();
const source = (topic: string, table: string): RecorderOptions["sources"][number] => ({
  topic,
  table,
  rowOf: (record: LogRecord, place) =>
    record.value === null
      ? null
      : { ...place, offset: record.offset, received: record.timestamp, text: decoder.decode(record.value) },
});
const sources = [source("events", "events"), source("firings", "firings")];

const write = (text: string, partition = 0, topic = "events"): NewRecord => ({
  topic,
  partition,
  key: text,
  value: new TextEncoder().encode(text),
  headers: {},
});

interface Setting {
  readonly broker: MemoryBroker;
  readonly log: Log;
  readonly history: MemoryHistory;
  readonly errors: string[];
  readonly recorder: Recorder;
  /** Lets time pass until this holds. */
  readonly until: (holds: () => boolean) => Promise<void>;
  readonly pass: (ms: number) => Promise<void>;
}

async function historian(
  broker = new MemoryBroker(),
  history = new MemoryHistory(),
  sleep?: () => Promise<void>,
): Promise<Setting> {
  const log = broker.connect();
  const topics = ["events", "firings"].map((name) => ({ name, partitions: 3, keep: { ms: 60_000 } }));
  await log.create(topics);
  const errors: string[] = [];
  const recorder = createRecorder({
    log,
    history,
    sources,
    sleep: sleep ?? ((ms) => new Promise((done) => broker.clock.after(ms, done))),
    onError: (error) => errors.push(error.message),
    cut: { records: 10 },
  });
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      broker.clock.advance(100);
      for (let i = 0; i < 4; i++) await nextTurn();
    }
  };
  const until = async (holds: () => boolean): Promise<void> => {
    for (let i = 0; i < 1000 && !holds(); i++) await pass(100);
    assert.ok(holds(), `what was waited for did not come; told: ${errors.join(", ")}`);
  };
  return { broker, log, history, errors, recorder, until, pass };
}

const numbered = (count: number, partition = 0, topic = "events"): readonly NewRecord[] =>
  Array.from({ length: count }, (_, i) => write(`${topic}-${i}`, partition, topic));

const logged = (broker: MemoryBroker, topic: string): readonly string[] =>
  [0, 1, 2]
    .flatMap((number) =>
      broker
        .partition(topic, number)
        .entries.flatMap(({ offset, value, isMarker }) =>
          isMarker || value === null ? [] : [`${number}:${offset} ${decoder.decode(value)}`],
        ),
    )
    .toSorted();

describe("a recorder", () => {
  it("keeps what its partitions hold, of every topic, and nothing of others", async () => {
    const { log, history, recorder, until } = await historian();
    await log.append([...numbered(25), ...numbered(3, 1), ...numbered(4, 2, "firings")]);
    await recorder.setPartitions([0, 2]);
    await until(() => history.rows.length === 29);
    assert.equal(history.kept("events").length, 25);
    assert.equal(history.kept("firings").length, 4);
    await recorder.stop();
  });

  it("keeps a lonely record a second after its second is over", async () => {
    const { log, history, recorder, until, pass } = await historian();
    await recorder.setPartitions([0]);
    await log.append([write("one")]);
    await pass(900);
    assert.deepEqual(history.rows, []);
    await until(() => history.rows.length === 1);
    assert.deepEqual([...history.tokens], ["events:0:0-0"]);
    await recorder.stop();
  });

  it("waits for an open transaction, and does not keep what was aborted", async () => {
    const { broker, log, history, recorder, until, pass } = await historian();
    const writer = await log.openWriter("w");
    const held = broker.holdNextCommit("w");
    const commit = writer.commit([write("aborted")]);
    await held.begun;
    await log.append([write("after")]);
    await recorder.setPartitions([0]);
    await pass(5000);
    assert.deepEqual(history.rows, []);
    held.end("abort");
    await assert.rejects(commit);
    await until(() => history.rows.length === 1);
    assert.deepEqual(history.kept("events"), ["0:1 after"]);
    await recorder.stop();
  });

  it("loses nothing while history is down, reads no further meanwhile, and tries ever more seldom", async () => {
    const { broker, log, history, errors, recorder, until, pass } = await historian();
    await log.append(numbered(35));
    await recorder.setPartitions([0]);
    await until(() => history.rows.length > 0);
    history.isDown = true;
    await log.append(numbered(500));
    await pass(60_000);
    assert.ok(history.attempts < 30, `tried ${history.attempts} times in a minute`);
    assert.ok(errors.every((message) => message === "history is down"));
    history.isDown = false;
    await until(() => history.rows.length === 535);
    assert.deepEqual(history.kept("events"), logged(broker, "events"));
    await recorder.stop();
  });

  it("starts as soon as history comes up", async () => {
    const history = new MemoryHistory();
    history.isDown = true;
    const { log, recorder, until, pass } = await historian(new MemoryBroker(), history);
    await log.append(numbered(5));
    await recorder.setPartitions([0]);
    await pass(5000);
    history.isDown = false;
    await until(() => history.rows.length === 5);
    await recorder.stop();
  });

  it("keeps a block once whose answer was lost", async () => {
    const { log, history, recorder, until } = await historian();
    history.losesAnswer = true;
    await log.append(numbered(10));
    await recorder.setPartitions([0]);
    await until(() => history.attempts === 2);
    assert.equal(history.rows.length, 10);
    await recorder.stop();
  });

  it("goes on after what another kept, cutting as that one would have", async () => {
    const first = await historian();
    first.broker.recordsPerPollMax = 7;
    await first.log.append(numbered(47));
    first.history.losesAnswer = true;
    await first.recorder.setPartitions([0]);
    await first.until(() => first.history.rows.length >= 10);
    await first.log.close();

    const second = await historian(first.broker, first.history);
    first.broker.recordsPerPollMax = 100;
    await second.recorder.setPartitions([0]);
    await second.until(() => first.history.rows.length >= 47);
    assert.deepEqual(first.history.kept("events"), logged(first.broker, "events"));
    await second.recorder.stop();
    await first.recorder.stop();
  });

  it("does not write again what is kept", async () => {
    const { log, history, recorder, until, pass } = await historian();
    await log.append(numbered(20));
    await recorder.setPartitions([0]);
    await until(() => history.rows.length === 20);
    await recorder.setPartitions([]);
    await recorder.setPartitions([0]);
    await pass(5000);
    assert.equal(history.attempts, 2);
    await recorder.stop();
  });

  it("lets go of a partition when the insert under way has ended, and not before", async () => {
    const { log, history, recorder, until, pass } = await historian();
    const gate = Promise.withResolvers<void>();
    history.gate = gate.promise;
    await log.append(numbered(20));
    await recorder.setPartitions([0]);
    await until(() => history.attempts === 1);
    let isLetGo = false;
    const letGo = recorder.setPartitions([]).then(() => {
      isLetGo = true;
    });
    await pass(5000);
    assert.equal(isLetGo, false);
    gate.resolve();
    await letGo;
    assert.equal(history.attempts, 1);
  });

  it("lets go of a partition at once, also while history is down, and never goes past a block it gave up", async () => {
    const { broker, log, history, recorder, until } = await historian(
      new MemoryBroker(),
      new MemoryHistory(),
      () => new Promise(() => {}),
    );
    await log.append(numbered(10));
    await recorder.setPartitions([0, 1]);
    await until(() => history.rows.length === 10);
    history.isDown = true;
    await log.append([...numbered(20), ...numbered(30, 1)]);
    await until(() => history.attempts === 2);
    await recorder.setPartitions([]);
    history.isDown = false;
    await recorder.setPartitions([1]);
    await until(() => history.rows.length === 40);
    assert.equal(history.kept("events").filter((row) => row.startsWith("0:")).length, 10);
    await recorder.setPartitions([0, 1]);
    await until(() => history.rows.length === 60);
    assert.deepEqual(history.kept("events"), logged(broker, "events"));
    await recorder.stop();
  });

  it("says so when the log no longer has what history lacks, and goes on with what is there", async () => {
    const { broker, log, history, errors, recorder, until, pass } = await historian();
    await log.append(numbered(10));
    await recorder.setPartitions([0]);
    await until(() => history.rows.length === 10);
    await recorder.setPartitions([]);
    await log.append(numbered(10));
    await pass(120_000);
    await log.append(numbered(10));
    broker.expire("events");
    await recorder.setPartitions([0]);
    await until(() => history.rows.length === 20);
    assert.deepEqual(errors, [
      "history misses events, partition 0 from offset 10 to 20: the log no longer has them",
    ]);
    await recorder.stop();
  });

  it("keeps nothing of a log that was made anew, and says what to do", async () => {
    const { log, history, errors, recorder, until } = await historian();
    await history.prepare();
    await history.insert("events", [{ topic: "events", partition: 0, offset: 99 }], "old");
    await log.append(numbered(10));
    await recorder.setPartitions([0]);
    await until(() => errors.length > 0);
    assert.match(
      errors[0] ?? "",
      /events, partition 0 up to offset 100, but the log ends at 10: it was made anew/,
    );
    assert.equal(history.rows.length, 1);
    await recorder.stop();
  });
});
