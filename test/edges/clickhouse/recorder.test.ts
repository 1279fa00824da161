/** The historian on the real engine: a crash anywhere neither loses nor doubles a row. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { DEFAULT_LIMITS, readEvent } from "../../../src/core/model/event-reader.ts";
import { type Decoder, historySources, openHistory } from "../../../src/edges/clickhouse/clickhouse.ts";
import { type History, type NewRecord, Unreadable } from "../../../src/runtime/ports.ts";
import { createRecorder, type Recorder } from "../../../src/runtime/recorder/recorder.ts";
import { MemoryBroker } from "../../support/memory-log.ts";

const decoder: Decoder = {
  nameOf: (topic) => `tripline.${topic}`,
  decode: () => {
    throw new Unreadable("only events here");
  },
  decodeEvent(_place, record) {
    const json: unknown = JSON.parse(new TextDecoder().decode(record.value ?? undefined));
    const read = readEvent(json, { received: record.timestamp, id: () => "", limits: DEFAULT_LIMITS });
    if (!read.ok) throw new Unreadable("no event");
    return read.value;
  },
};

const TOPIC = "tripline.events";
const record = (n: number, partition: number): NewRecord => ({
  topic: TOPIC,
  partition,
  key: null,
  headers: {},
  // Every seventh cannot be read: it makes no row.
  value: new TextEncoder().encode(
    n % 7 === 6
      ? "{}"
      : JSON.stringify({
          id: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
          event: "disk.checked",
          resource: { "prefect.resource.id": `disk.${n % 10}` },
          payload: { n },
        }),
  ),
});

/** How an insert of this crashing process ends. */
type Fate = "kept" | "kept, then killed" | "killed, then kept" | "killed";

class Killed extends Error {}

describe("the historian on ClickHouse", () => {
  let folder: string;
  let history: History;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tripline-recorder-"));
    history = await openHistory({ path: folder });
    await history.prepare();
  });
  after(async () => {
    await history.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A process of which the nth insert meets its fate; inserts in flight arrive only when the next process has looked. */
  function processOn(broker: MemoryBroker, fates: Fate[], inFlight: (() => Promise<void>)[]): Recorder {
    let isDead = false;
    const mortal: Pick<History, "prepare" | "nextOffset" | "insert"> = {
      prepare: () => history.prepare(),
      nextOffset: (table, topic, partition) => history.nextOffset(table, topic, partition),
      async insert(table, rows, token) {
        const insert = (): Promise<void> => history.insert(table, rows, token);
        if (isDead) throw new Killed();
        for (const late of inFlight.splice(0)) await late();
        const fate = fates.shift() ?? "kept";
        if (fate === "kept" || fate === "kept, then killed") await insert();
        if (fate === "killed, then kept") inFlight.push(insert);
        if (fate === "kept") return;
        isDead = true;
        throw new Killed();
      },
    };
    return createRecorder({
      log: broker.connect(),
      history: mortal,
      sources: historySources(decoder).filter(({ topic }) => topic === TOPIC),
      sleep: () => (isDead ? new Promise(() => {}) : Promise.resolve()),
      onError: (error) => (error instanceof Killed ? undefined : assert.fail(error)),
      cut: { records: 50 },
    });
  }

  it("loses and doubles nothing, whenever it is killed", async () => {
    const broker = new MemoryBroker();
    await broker.connect().create([{ name: TOPIC, partitions: 2, keep: { ms: 1e9 } }]);
    for (let n = 0; n < 1000; n++) {
      broker.append([record(n, n % 2)]);
      if (n % 90 === 0) broker.clock.advance(700);
      if (n % 31 === 0) broker.leaveGap(TOPIC, 0, 2);
    }
    broker.clock.advance(10_000);
    const inFlight: (() => Promise<void>)[] = [];
    const lives: Fate[][] = [
      ["kept", "kept", "kept, then killed"],
      ["kept", "killed, then kept"],
      ["killed, then kept"],
      ["kept", "kept", "killed"],
      ["killed, then kept"],
      ["kept, then killed"],
      [],
    ];
    const expected = 1000 - Math.floor(1000 / 7);
    for (const [life, fates] of lives.entries()) {
      broker.recordsPerPollMax = 20 + life * 37;
      const recorder = processOn(broker, fates, inFlight);
      await recorder.setPartitions([0, 1]);
      const isLast = life === lives.length - 1;
      for (let i = 0; i < 400; i++) {
        broker.clock.advance(100);
        await wait(2);
        if (isLast ? (await rowCount()) >= expected : fates.length === 0) break;
      }
      await recorder.stop();
    }
    const sql = `SELECT count() AS rows, uniqExact(partition, offset) AS places, uniqExact(id) AS ids, sum(payload.n::Int64) AS sum FROM events`;
    const sum = Array.from({ length: 1000 }, (_, n) => (n % 7 === 6 ? 0 : n)).reduce((a, b) => a + b);
    assert.deepEqual(await history.query(sql), [{ rows: expected, places: expected, ids: expected, sum }]);
  });

  const rowCount = async (): Promise<number> =>
    Number((await history.query("SELECT count() AS n FROM events"))[0]?.["n"]);
});
