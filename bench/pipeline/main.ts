/** The benchmark of the pipeline: events in to run commands out, on a real broker, as ratios (bench/README.md). */
import { cpus } from "node:os";
import { formatRatio, median, ratioOf, table } from "../core/ratios.ts";
import { startBroker } from "./broker.ts";
import { isStreamsBuilt } from "./contestants.ts";
import { measureLatency } from "./latency.ts";
import { readSettings } from "./settings.ts";
import { compare, compareScales, type Measured, standOf } from "./throughput.ts";
import type { Workload } from "./workload.ts";

const argv = process.argv.slice(2);
const settings = readSettings(argv);

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const SHARES: readonly Workload[] = [0.01, 0.1, 1].map((share) => ({
  name: `${share * 100} % of interest`,
  share,
  automations: 1,
}));
const SCALES: readonly Workload[] = [1, 10_000].map((automations) => ({
  name: `${automations.toLocaleString("en")} automation${automations === 1 ? "" : "s"}`,
  share: 1,
  automations,
}));

const LATENCIES = [0.5, 0.9, 0.99];

function quantile(values: readonly number[], part: number): number {
  return (
    values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ??
    Number.NaN
  );
}

const isWanted = (name: string): boolean => name.includes(settings.only);
const rate = ({ nanos }: Measured): string =>
  Math.round((settings.events * 1e9) / median(nanos)).toLocaleString("en");
const micros = (values: readonly number[]): string => median(values).toFixed(1);
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

function rowsOf(workload: string, measured: readonly Measured[]): readonly (readonly string[])[] {
  const own = measured.at(-1);
  return measured.map((one) => [
    workload,
    one.name,
    rate(one),
    one.commands === null ? "" : String(one.commands),
    own === undefined || one === own ? "" : formatRatio(ratioOf(own.nanos, one.nanos)),
    micros(one.cpu),
    micros(one.brokerCpu),
    mebibytes(one.residentBytes),
  ]);
}

const [cpu] = cpus();
say(`${cpus().length} × ${cpu?.model ?? "?"}, Node ${process.versions.node}, V8 ${process.versions.v8}`);
say(`npm run bench:pipeline -- ${argv.join(" ")}`);
say(
  `${settings.events} events a round, ${settings.rounds} rounds after ${settings.warmUp} to warm up, ${settings.partitions} partitions;`,
);
say("ratios of rates: median (least–greatest) of the rounds, each with its reference run next to it.\n");

const broker = await startBroker();
try {
  const ground = { broker, settings, say: note };
  const head = [
    "workload",
    "contestant",
    "events/s",
    "commands",
    "Tripline ÷",
    "CPU µs/event",
    "broker's",
    "MiB",
  ];
  const rows: (readonly string[])[] = [];
  for (const workload of SHARES.filter(({ name }) => isWanted(name))) {
    note(`${workload.name} …`);
    rows.push(...rowsOf(workload.name, await compare(ground, workload)));
  }
  if (rows.length > 0) say(`${table(head, rows)}\n`);
  if (settings.streams && !isStreamsBuilt())
    say("Kafka Streams was not measured: it is not built (bench/README.md says how).\n");
  if (isWanted("automations")) {
    note("automations …");
    const [one, many] = await compareScales(ground, SCALES);
    if (one !== undefined && many !== undefined) {
      const cells = [one, many].map((each) => [
        each.name,
        rate(each),
        micros(each.cpu),
        mebibytes(each.residentBytes),
      ]);
      say(`${table(["automations", "events/s", "CPU µs/event", "MiB"], cells)}\n`);
      say(`${many.name} ÷ ${one.name}: ${formatRatio(ratioOf(many.nanos, one.nanos))}\n`);
    }
  }
  if (isWanted("latency")) {
    note("latency …");
    const { hop, due } = await measureLatency(standOf(ground, "latency")("tripline"));
    const rows = LATENCIES.map((part) => [
      `p${part * 100}`,
      quantile(hop, part).toFixed(1),
      quantile(due, part).toFixed(1),
      (quantile(due, part) / quantile(hop, part)).toFixed(1),
    ]);
    say(`${settings.rate} events/s, one in ten of which runs something, ${due.length} of them followed:\n`);
    say(`${table(["latency", "hop, ms", "to due-runs, ms", "÷ hop"], rows)}\n`);
  }
} finally {
  await broker.stop();
}
