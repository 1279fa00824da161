/** Rounds of events through all contestants, one after the other: how long each took, and what it cost. */

import type { Broker } from "./broker.ts";
import { cpuSeconds, residentBytes } from "./child.ts";
import {
  type Contestant,
  evaluating,
  isStreamsBuilt,
  parsing,
  type Stand,
  streaming,
} from "./contestants.ts";
import type { Settings } from "./settings.ts";
import { automationsOf, Source, type Workload } from "./workload.ts";

/** What was measured of one contestant, round by round. */
export interface Measured {
  readonly name: string;
  readonly nanos: number[];
  /** Microseconds of CPU an event, in the contestant and in the broker. */
  readonly cpu: number[];
  readonly brokerCpu: number[];
  commands: number | null;
  residentBytes: number;
}

export interface Ground {
  readonly broker: Broker;
  readonly settings: Settings;
  readonly say: (text: string) => void;
}

/** The reference, Kafka Streams and Tripline on one workload. */
export async function compare(ground: Ground, workload: Workload): Promise<readonly Measured[]> {
  const stand = standOf(ground, workload.name);
  const contestants = [await parsing(stand("parse"))];
  if (ground.settings.streams && isStreamsBuilt()) contestants.push(await streaming(stand("streams")));
  contestants.push(await evaluating(stand("tripline"), automationsOf(workload)));
  const source = new Source(workload, ground.settings, Date.now());
  return rounds(
    ground,
    contestants.map((contestant) => ({ contestant, source })),
  );
}

/** Tripline with few automations and with many. */
export async function compareScales(
  ground: Ground,
  workloads: readonly Workload[],
): Promise<readonly Measured[]> {
  const entered: Entered[] = [];
  for (const workload of workloads) {
    const stand = standOf(ground, workload.name);
    const contestant = await evaluating(stand("tripline"), automationsOf(workload));
    const source = new Source(workload, ground.settings, Date.now());
    entered.push({ contestant: { ...contestant, name: workload.name }, source });
  }
  return rounds(ground, entered);
}

interface Entered {
  readonly contestant: Contestant;
  /** Contestants that share a source are shown the same events. */
  readonly source: Source;
}

async function rounds(
  { broker, settings, say }: Ground,
  entered: readonly Entered[],
): Promise<readonly Measured[]> {
  const measured = entered.map(
    ({ contestant: { name } }): Measured => ({
      name,
      nanos: [],
      cpu: [],
      brokerCpu: [],
      commands: null,
      residentBytes: 0,
    }),
  );
  for (let round = 0; round < settings.warmUp + settings.rounds; round++) {
    const counts = round >= settings.warmUp;
    const sources = new Map(entered.map(({ source }) => [source, null]));
    const events = new Map(Array.from(sources.keys(), (source) => [source, source.round()]));
    for (const [i, { contestant, source }] of entered.entries()) {
      await contestant.feed.load(events.get(source) ?? []);
      const done = await timed(contestant, round, broker);
      const into = measured[i];
      say(`  ${counts ? "round" : "warming up"}, ${contestant.name}: ${(done.nanos / 1e6).toFixed(0)} ms`);
      if (!counts || into === undefined) continue;
      into.nanos.push(done.nanos);
      into.cpu.push((done.cpu * 1e6) / settings.events);
      into.brokerCpu.push((done.brokerCpu * 1e6) / settings.events);
      into.commands = contestant.commands();
      into.residentBytes = residentBytes(contestant.pid);
    }
  }
  for (const { contestant } of entered) await contestant.stop();
  return measured;
}

async function timed(contestant: Contestant, round: number, { pid }: Broker) {
  const before = { own: cpuSeconds(contestant.pid), broker: cpuSeconds(pid) };
  const started = process.hrtime.bigint();
  const finished = contestant.finished(round);
  await contestant.feed.release();
  await finished;
  const nanos = Number(process.hrtime.bigint() - started);
  return {
    nanos,
    cpu: cpuSeconds(contestant.pid) - before.own,
    brokerCpu: cpuSeconds(pid) - before.broker,
  };
}

/** Names that no other run has used on this broker. */
export function standOf({ broker, settings }: Ground, workload: string): (contestant: string) => Stand {
  const run = `bench-${Date.now().toString(36)}-${workload.replaceAll(/[^a-z0-9]+/gi, "")}`;
  return (contestant) => ({ broker, settings, prefix: `${run}-${contestant}` });
}
