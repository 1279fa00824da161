/**
 * Nothing waits for ever: whatever a broker does to a request of whichever kind, the operation that sent it ends with a
 * LogError, and the next one works as soon as the broker does.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openKafkaLog } from "../../../src/edges/kafka/kafka.ts";
import { type Log, LogError, type Writer } from "../../../src/runtime/ports.ts";
import { type Api, Gate } from "./gate.ts";
import { openLog, put, readTo, text, unique } from "./real.ts";

const PATIENCE_MS = 1_500;
/** Only a log that waits for ever reaches it. */
const DEADLINE_MS = 60_000;

let near: Log;
let topic = "";
before(async () => {
  near = await openLog();
  topic = unique("topic");
  await near.create([{ name: topic, partitions: 1, keep: { ms: 86_400_000 } }]);
  await near.append([put(topic, "first")]);
});
after(async () => {
  await near.close();
});

interface Operation {
  readonly asks: readonly Api[];
  /** What has to be there before. */
  readonly prepare?: (log: Log) => Promise<Writer>;
  readonly run: (log: Log, writer: Writer | null) => Promise<unknown>;
}

const operations: Readonly<Record<string, Operation>> = {
  "creating a topic": {
    asks: ["versions", "metadata"],
    run: (log) => log.create([{ name: unique("made"), partitions: 1, keep: { ms: 3_600_000 } }]),
  },
  "opening a writer": {
    asks: ["versions", "metadata", "findCoordinator", "initProducerId"],
    run: (log) => log.openWriter(unique("writer")),
  },
  "a commit": {
    asks: ["addPartitions", "produce", "endTransaction"],
    prepare: (log) => log.openWriter(unique("writer")),
    run: async (log, writer) =>
      (writer ?? (await log.openWriter(unique("writer")))).commit([put(topic, "c")]),
  },
  "an append": { asks: ["produce"], run: (log) => log.append([put(topic, "a")]) },
  "asking for the end": { asks: ["metadata", "listOffsets"], run: (log) => log.end(topic, 0) },
  reading: {
    asks: ["metadata", "fetch"],
    run: async (log) => {
      const reader = await log.openReader([{ topic, partition: 0, offset: 0 }]);
      try {
        await readTo(reader, 1);
      } finally {
        await reader.close();
      }
    },
  },
};

/** What becomes of the requests of one kind, or of the broker when it hears the first of them. */
const troubles: Readonly<Record<string, (gate: Gate, api: Api) => void>> = {
  "is not heard": (gate, asked) => {
    gate.meddle(({ api, isAnswer }) => (api === asked && !isAnswer ? "lose" : "pass"));
  },
  "is not answered": (gate, asked) => {
    gate.meddle(({ api, isAnswer }) => (api === asked && isAnswer ? "lose" : "pass"));
  },
  "is cut off": (gate, asked) => {
    gate.meddle(({ api }) => (api === asked ? "cut" : "pass"));
  },
  "is cut off when it is answered": (gate, asked) => {
    gate.meddle(({ api, isAnswer }) => (api === asked && isAnswer ? "cut" : "pass"));
  },
  "makes the broker hang": (gate, asked) => {
    gate.meddle(({ api }) => {
      if (api === asked) gate.hold();
      return api === asked ? "lose" : "pass";
    });
  },
  "is the last the broker hears": (gate, asked) => {
    gate.meddle(({ api }) => {
      if (api === asked) gate.shut();
      return "pass";
    });
  },
};

async function endsAndGoesOn(
  { prepare, run }: Operation,
  asked: Api,
  trouble: (gate: Gate, api: Api) => void,
): Promise<void> {
  const gate = await Gate.open();
  const settings = { brokers: [gate.address], clientId: "far", clockTopic: "test-clock" };
  const log = await openKafkaLog({ ...settings, patienceMs: PATIENCE_MS });
  try {
    const writer = prepare === undefined ? null : await prepare(log);
    trouble(gate, asked);
    await assert.rejects(run(log, writer), (error) => error instanceof LogError && error.retriable);
    gate.meddle(() => "pass");
    if (!gate.isOpen) await gate.reopen();
    await run(log, null);
  } finally {
    await log.close();
    gate.shut();
  }
}

for (const [name, operation] of Object.entries(operations)) {
  describe(name, { concurrency: true, timeout: DEADLINE_MS }, () => {
    for (const asked of operation.asks) {
      for (const [what, trouble] of Object.entries(troubles)) {
        it(`ends and is done the next time where the ${asked} request ${what}`, () =>
          endsAndGoesOn(operation, asked, trouble));
      }
    }
  });
}

describe("a reader whose broker hangs", { timeout: DEADLINE_MS }, () => {
  it("goes on where it was when the broker does, if that does not take too long", async () => {
    const own = unique("topic");
    await near.create([{ name: own, partitions: 1, keep: { ms: 86_400_000 } }]);
    await near.append([put(own, "before")]);
    const gate = await Gate.open();
    const settings = { brokers: [gate.address], clientId: "far", clockTopic: "test-clock" };
    const log = await openKafkaLog({ ...settings, patienceMs: PATIENCE_MS });
    try {
      const reader = await log.openReader([{ topic: own, partition: 0, offset: 0 }]);
      await readTo(reader, 1);
      const lost = Promise.withResolvers<void>();
      gate.meddle(({ api }) => {
        if (api === "fetch") lost.resolve();
        return "lose";
      });
      await near.append([put(own, "meanwhile")]);
      const next = readTo(reader, 2);
      await lost.promise;
      gate.meddle(() => "pass");
      assert.deepEqual((await next).map(text), ["meanwhile"]);
    } finally {
      await log.close();
      gate.shut();
    }
  });
});
