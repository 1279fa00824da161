import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openKafkaLog } from "../../../src/edges/kafka/kafka.ts";
import { until } from "../../support/process.ts";
import { Gate } from "./gate.ts";
import { openLog, put, unique } from "./real.ts";

/** Leaving a group and sending what waits each take five seconds where nobody answers. */
const CLOSED_WITHIN_MS = 15_000;

async function newTopic(): Promise<string> {
  const log = await openLog();
  const name = unique("topic");
  await log.create([{ name, partitions: 1, keep: { ms: 3_600_000 } }]);
  await log.close();
  return name;
}

/** Ends of itself: node ends a process when nothing is left that could go on. */
async function closesAfter(happening: (gate: Gate) => void): Promise<string> {
  const gate = await Gate.open();
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "leaver.ts"), gate.address, await newTopic()],
    {
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  const ended = once(child, "exit");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes) => {
      output += String(bytes);
    });
  }
  try {
    await until(() => output.includes("ready"), "the child is not ready");
    happening(gate);
    await until(() => output.includes("no Kafka broker answers"), "the child has not noticed");
    child.stdin.end("close\n");
    const [code]: unknown[] = await ended;
    assert.equal(code, 0, output);
    const ms = Number(/closed after (\d+) ms/.exec(output)?.[1]);
    assert.ok(ms < CLOSED_WITHIN_MS, output);
    return output;
  } finally {
    child.kill("SIGKILL");
    gate.shut();
  }
}

describe("a log whose broker has gone", () => {
  it("is closed in time, lets the process end, and has said one thing only", async () => {
    const output = await closesAfter((gate) => gate.shut());
    assert.match(
      output,
      /^ready\nno Kafka broker answers at [\d.]+:\d+ \(KAFKA_BROKERS\): .+\nclosed .+\nover\n$/,
    );
  });

  it("is closed in time, too, where the broker takes connections and never answers", async () => {
    await closesAfter((gate) => {
      gate.hold();
      gate.shut();
      void gate.reopen();
    });
  });

  it("has its members back in their group when it is there again, though it came without a coordinator", async () => {
    const gate = await Gate.open();
    const settings = { brokers: [gate.address], clientId: "test", clockTopic: "test-clock" };
    const log = await openKafkaLog({ ...settings, sessionTimeoutMs: 6_000 });
    const topic = await newTopic();
    let joined = 0;
    const failures: Error[] = [];
    const member = {
      assigned: async () => {
        joined += 1;
      },
      failed: (error: Error) => failures.push(error),
    };
    try {
      const membership = await log.join(unique("group"), [topic], member);
      await until(() => joined > 0, "it has not joined");
      const before = joined;
      let refused = 0;
      gate.meddle(({ api }) => {
        const isRefused = api === "heartbeat" || api === "findCoordinator";
        if (api === "findCoordinator") refused += 1;
        if (refused > 3) gate.meddle(() => "pass");
        return isRefused ? "cut" : "pass";
      });
      await until(() => joined > before || failures.length > 0, "it has not joined again");
      assert.deepEqual(failures, []);
      await membership.leave();
    } finally {
      await log.close();
      gate.shut();
    }
  });

  it("says once that it is away, and once that it answers again", async () => {
    const gate = await Gate.open();
    const said: string[] = [];
    const settings = { brokers: [gate.address], clientId: "test", clockTopic: "test-clock" };
    const log = await openKafkaLog({ ...settings, warn: (text) => said.push(text) });
    try {
      const topic = await newTopic();
      await log.append([put(topic, "before")]);
      assert.deepEqual(said, []);
      gate.shut();
      await until(async () => {
        await log.append([put(topic, "lost")]).catch(() => {});
        return said.length > 0;
      }, "nothing was said");
      await gate.reopen();
      await until(
        () =>
          log.append([put(topic, "after")]).then(
            () => true,
            () => false,
          ),
        "it does not work again",
      );
      assert.equal(said.length, 2, said.join("\n"));
      assert.match(said[0] ?? "", /no Kafka broker answers at .+ \(KAFKA_BROKERS\)/);
      assert.match(said[1] ?? "", /Kafka answers again/);
    } finally {
      await log.close();
      gate.shut();
    }
  });
});
