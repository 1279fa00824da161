/**
 * Simulates many worlds, each decided by its seed, and says which went wrong:
 * `npm run simulate -- --seeds N [--seed S] [--trace]`, from seed S on (without it, any). With `--invariance`, each seed is
 * one timeline on 1, 4 and 12 partitions with 1 and 3 evaluators where nothing goes wrong, compared with a replay.
 */
import { parseArgs } from "node:util";
import { compare, SETTINGS } from "./world/invariance.ts";
import { simulate } from "./world/simulation.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    seed: { type: "string" },
    invariance: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(values.seeds);
const begun = performance.now();
let [wrong, turns] = [0, 0];
for (let seed = first; seed < first + count; seed++) {
  const verdict = values.invariance
    ? await compare(seed, SETTINGS)
    : await simulate(seed, values.trace ? say : undefined);
  turns += verdict.turns;
  if (verdict.faults.length === 0) continue;
  wrong += 1;
  say(`seed ${seed}:`);
  for (const fault of verdict.faults.slice(0, 8)) say(`  ${fault.slice(0, 400)}`);
}
const passed = (performance.now() - begun) / 60_000;
say(
  `${count} seeds from ${first} on, ${wrong} went wrong; ${Math.round(count / passed)} seeds a minute, ${Math.round(turns / count)} turns a seed`,
);
process.exitCode = wrong === 0 ? 0 : 1;
