/**
 * `npm run chaos -- --minutes M --seed S`: Tripline on a real broker while processes are killed and stand still, the
 * broker goes away and comes back, and senders send what they should not. Ends with 1, the seed and the differences where
 * not everything came exactly once.
 */
import { parseArgs } from "node:util";
import { chaos } from "./chaos.ts";
import { type Profile, profiles } from "./plan.ts";

const USAGE = `npm run chaos -- [options]

  --minutes M      how long things go wrong (2)
  --seed S         what goes wrong, and what is sent (drawn, and printed)
  --profile P      all: everything; outage: long absences of evaluators and of the broker; broker: its restarts (all)
  --rate R         events a second (150)
  --partitions P   of every topic that has several (6)
  --hold           where something is wrong, keep everything running until Ctrl-C, to look at it

Starts its own broker, from the jars of scripts/provide-kafka.ts. With KAFKA_BROKERS it takes that one, and leaves it in peace.
`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    seed: { type: "string" },
    profile: { type: "string", default: "all" },
    rate: { type: "string", default: "150" },
    partitions: { type: "string", default: "6" },
    hold: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) fail(`--${name}: expected a number above 0, found ${text}`);
  return number;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n\n${USAGE}`);
  process.exit(2);
}

/** So that a debugger can be put to the processes: `kill -USR1 PID`, then chrome://inspect. */
async function hold(): Promise<void> {
  say("held: everything runs on until Ctrl-C");
  const stay = setInterval(() => {}, 60_000);
  await new Promise<void>((resolve) => process.once("SIGINT", resolve));
  clearInterval(stay);
}

async function main(): Promise<void> {
  if (values.help) return say(USAGE);
  const seed = numberOf("seed", values.seed ?? String(1 + Math.floor(Math.random() * 1_000_000)));
  const profile: Profile | undefined = profiles.find((one) => one === values.profile);
  if (profile === undefined) return fail(`--profile: expected ${profiles.join(", ")}`);
  const minutes = numberOf("minutes", values.minutes);
  say(`chaos: seed ${seed}, ${minutes} min, profile ${profile}`);
  const { verdict, kept } = await chaos({
    seed,
    profile,
    forMs: minutes * 60_000,
    perSecond: numberOf("rate", values.rate),
    partitions: numberOf("partitions", values.partitions),
    brokers: process.env["KAFKA_BROKERS"] ?? null,
    say,
    ...(values.hold && { look: hold }),
  });
  for (const [what, { expected, found }] of Object.entries(verdict.counts)) {
    say(`${what.padEnd(14)} expected ${String(expected).padStart(7)}   found ${String(found).padStart(7)}`);
  }
  const each = Object.entries(verdict.firingsOf).map(([name, count]) => `${name} ${count}`);
  say(`firings of: ${each.join(", ")}`);
  if (verdict.differences.length === 0)
    return say("exactly once: nothing lost, nothing doubled, nothing else");
  say(`${verdict.differences.length} differences, seed ${seed}:`);
  for (const difference of verdict.differences) say(`  ${difference}`);
  if (kept !== null) say(`what the processes said: ${kept}`);
  process.exitCode = 1;
}

process.once("SIGTERM", () => process.exit(143));
await main();
