/** The benchmark of restores: a task's changelog read back, against the same bytes read and looked at no further (bench/README.md). */
import { cpus } from "node:os";
import { memoryUsage } from "node:process";
import { parseArgs } from "node:util";
import { openKafkaLog } from "../../src/edges/kafka/kafka.ts";
import type { Log } from "../../src/runtime/ports.ts";
import { readTo } from "../../src/runtime/read-to.ts";
import { Copy } from "../../src/runtime/task/copy.ts";
import { startCluster } from "../../test/support/cluster.ts";
import { formatRatio, median, ratioOf } from "../core/ratios.ts";
import { commits, copyOptions } from "./buckets.ts";

const { values } = parseArgs({
  options: {
    keys: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "5" },
  },
});
const keys = Number(values.keys);
const rounds = Number(values.rounds);
const topic = new Copy(copyOptions).changelog;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function timed(work: () => Promise<void>): Promise<number> {
  globalThis.gc?.();
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start);
}

async function write(log: Log): Promise<number> {
  await log.create([{ name: topic, partitions: 1, keep: "latest" }]);
  let bytes = 0;
  for (const records of commits(keys)) {
    await log.append(records);
    for (const { value } of records) bytes += value?.length ?? 0;
  }
  return bytes;
}

/** The reference: as the restore reads, and nothing is made of it. */
async function readOnly(log: Log): Promise<number> {
  let count = 0;
  const end = await log.end(topic, 0);
  await readTo(log, { from: { topic, partition: 0, offset: 0 }, end, take: () => (count += 1) });
  return count;
}

async function restore(log: Log): Promise<Copy> {
  const copy = new Copy(copyOptions);
  await copy.catchUp(log, () => false);
  return copy;
}

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = memoryUsage();
  return heapUsed + arrayBuffers;
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
const rate = (count: number, nanos: readonly number[]): string =>
  `${Math.round((count * 1e9) / median(nanos)).toLocaleString("en")}/s (${(median(nanos) / 1e9).toFixed(2)} s)`;

const [cpu] = cpus();
say(`${cpus().length} × ${cpu?.model ?? "?"}, Node ${process.versions.node}, V8 ${process.versions.v8}`);
const cluster = await startCluster();
try {
  const prefix = `bench-${process.pid}`;
  const log = await openKafkaLog({
    brokers: cluster.brokers,
    clientId: prefix,
    clockTopic: `${prefix}.clock`,
  });
  try {
    const bytes = await write(log);
    const count = await readOnly(log);
    say(`${keys.toLocaleString("en")} buckets, ${count.toLocaleString("en")} records, ${mebibytes(bytes)}\n`);
    const before = memory();
    let copy: Copy | null = await restore(log);
    const held = memory() - before;
    say(`${copy.chain.sizeOf("evaluate").toLocaleString("en")} buckets restored hold ${mebibytes(held)}`);
    copy = null;
    const [raw, own]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      raw.push(await timed(async () => void (await readOnly(log))));
      own.push(await timed(async () => void (await restore(log))));
    }
    say(`raw read   ${rate(count, raw)}`);
    say(`restore    ${rate(count, own)}`);
    say(`restore ÷ raw read, as times: ${formatRatio(ratioOf(raw, own))}`);
  } finally {
    await log.close();
  }
} finally {
  await cluster.stop();
}
