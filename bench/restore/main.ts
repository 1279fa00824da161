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

/** Rounds of one contestant, in nanoseconds; of the processor's time less is wrong where others use the machine too. */
class Rounds {
  readonly wall: number[] = [];
  readonly processor: number[] = [];

  async add(work: () => Promise<void>): Promise<void> {
    globalThis.gc?.();
    const [start, used] = [process.hrtime.bigint(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(used);
    this.wall.push(Number(process.hrtime.bigint() - start));
    this.processor.push((user + system) * 1000);
  }
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
const seconds = (nanos: readonly number[]): string => `${(median(nanos) / 1e9).toFixed(2)} s`;
const rate = (count: number, nanos: readonly number[]): string =>
  `${Math.round((count * 1e9) / median(nanos)).toLocaleString("en")}/s (${seconds(nanos)})`;

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
    const [raw, own] = [new Rounds(), new Rounds()];
    for (let round = 0; round < rounds; round++) {
      await raw.add(async () => void (await readOnly(log)));
      await own.add(async () => void (await restore(log)));
    }
    say(`raw read   ${rate(count, raw.wall)}, ${seconds(raw.processor)} of processor time`);
    say(`restore    ${rate(count, own.wall)}, ${seconds(own.processor)} of processor time`);
    say(`restore ÷ raw read, as times: ${formatRatio(ratioOf(raw.wall, own.wall))}`);
    say(`the same in processor time:   ${formatRatio(ratioOf(raw.processor, own.processor))}`);
  } finally {
    await log.close();
  }
} finally {
  await cluster.stop();
}
