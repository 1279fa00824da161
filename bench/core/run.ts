/** Measures one workload in this process: all contestants in turn, round after round; prints what it found as JSON. */
import { core, parsing, type Round, readingCore } from "./contestants.ts";
import { isBuilt, startEsper } from "./esper.ts";
import { measureMemory } from "./memory.ts";
import { readSettings, type Settings } from "./settings.ts";
import { type Variant, type Workload, workloads } from "./workloads.ts";

/** What was measured of one contestant: nanoseconds of each round. */
export interface Measured {
  readonly variant: string;
  readonly contestant: "parse" | "core" | "core to firings" | "core, reading" | "Esper";
  readonly nanos: readonly number[];
  readonly fired: number;
  readonly events: number;
}

interface Contestant extends Pick<Measured, "variant" | "contestant"> {
  round(): Round | Promise<Round>;
  stop?(): void;
}

async function contestantsOf(variant: Variant, settings: Settings): Promise<readonly Contestant[]> {
  const named = (contestant: Contestant["contestant"], round: () => Round): Contestant => ({
    variant: variant.name,
    contestant,
    round,
  });
  const ours = [
    named("parse", () => parsing(variant)),
    named("core", () => core(variant, "actions")),
    named("core, reading", () => readingCore(variant)),
  ];
  if (variant.epl === null || !settings.esper || !isBuilt()) return ours;
  const esper = await startEsper(variant, variant.epl);
  return [
    ...ours,
    named("core to firings", () => core(variant, "firings")),
    { ...esper, variant: variant.name, contestant: "Esper" },
  ];
}

async function measure(workload: Workload, settings: Settings): Promise<readonly Measured[]> {
  const lists: (readonly Contestant[])[] = [];
  for (const variant of workload.variants) lists.push(await contestantsOf(variant, settings));
  const contestants = lists.flat();
  const rounds = new Map(contestants.map((contestant) => [contestant, [] as Round[]]));
  for (let i = -settings.warmUp; i < settings.rounds; i++) {
    for (const [contestant, done] of rounds) {
      const round = await contestant.round();
      if (i >= 0) done.push(round);
    }
  }
  for (const contestant of contestants) contestant.stop?.();
  return Array.from(rounds, ([{ variant, contestant }, done]) => ({
    variant,
    contestant,
    nanos: done.map(({ nanos }) => nanos),
    fired: done[0]?.fired ?? 0,
    events: workload.variants.find(({ name }) => name === variant)?.count ?? 0,
  }));
}

const settings = readSettings(process.argv.slice(2));
const all = workloads(settings.events);
if (settings.only === "memory") {
  const variant = all.find(({ name }) => name.includes("1,000,000"))?.variants[0];
  if (variant !== undefined) process.stdout.write(JSON.stringify(measureMemory(variant, settings.keys)));
} else {
  const found = all.find(({ name }) => name === settings.only);
  if (found !== undefined) process.stdout.write(JSON.stringify(await measure(found, settings)));
}
