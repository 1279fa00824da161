/** The benchmark of the core: each workload in a process of its own, its results as ratios (bench/README.md). */
import { execFile } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isBuilt } from "./esper.ts";
import type { Memory } from "./memory.ts";
import { formatRatio, median, ratioOf, table } from "./ratios.ts";
import type { Measured } from "./run.ts";
import { readSettings } from "./settings.ts";
import { workloads } from "./workloads.ts";

const argv = process.argv.slice(2);
const settings = readSettings(argv);

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function inOwnProcess<T>(only: string): Promise<T> {
  const args = ["--expose-gc", "--max-old-space-size=8000", join(import.meta.dirname, "run.ts"), ...argv];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, "--only", only], {
    maxBuffer: 2 ** 24,
  });
  const answer: T = JSON.parse(stdout);
  return answer;
}

/** What one variant's contestants did. */
class Results {
  readonly #measured: readonly Measured[];

  constructor(measured: readonly Measured[]) {
    this.#measured = measured;
  }

  get variants(): readonly string[] {
    return [...new Set(this.#measured.map(({ variant }) => variant))];
  }

  of(variant: string, contestant: Measured["contestant"]): Measured | null {
    return this.#measured.find((one) => one.variant === variant && one.contestant === contestant) ?? null;
  }
}

const NONE: Measured = { variant: "", contestant: "core", nanos: [], fired: 0, events: 0 };
const rate = ({ nanos, events }: Measured): string =>
  Math.round((events * 1e9) / median(nanos)).toLocaleString("en");

function againstParsing(results: Results): string {
  const head = ["workload", "fired", "parse/s", "core/s", "core ÷ parse", "reading core ÷ parse"];
  const rows = results.variants.map((variant) => {
    const [parse, own, reading] = (["parse", "core", "core, reading"] as const).map(
      (contestant) => results.of(variant, contestant) ?? NONE,
    );
    if (parse === undefined || own === undefined || reading === undefined) return [];
    return [
      variant,
      `${((own.fired / own.events) * 100).toFixed(1)} %`,
      rate(parse),
      rate(own),
      formatRatio(ratioOf(own.nanos, parse.nanos)),
      formatRatio(ratioOf(reading.nanos, parse.nanos)),
    ];
  });
  return table(head, rows);
}

function againstEsper(results: Results): string {
  const head = [
    "workload",
    "fired, Esper",
    "fired, core",
    "Esper/s",
    "core ÷ Esper",
    "core to firings ÷ Esper",
  ];
  const rows = results.variants.flatMap((variant) => {
    const esper = results.of(variant, "Esper");
    const own = results.of(variant, "core");
    const firings = results.of(variant, "core to firings");
    if (esper === null || own === null || firings === null) return [];
    const ratios = [own, firings].map(({ nanos }) => formatRatio(ratioOf(nanos, esper.nanos)));
    return [[variant, String(esper.fired), String(own.fired), rate(esper), ...ratios]];
  });
  return table(head, rows);
}

function againstOneAutomation(results: Results): string {
  const names = results.variants.filter((variant) => /^[\d,]+ automations?$/.test(variant));
  const one = results.of(names[0] ?? "", "core");
  const rows = names.slice(1).map((name) => {
    const own = results.of(name, "core");
    return [name, own === null || one === null ? "" : formatRatio(ratioOf(own.nanos, one.nanos))];
  });
  return table(["automations", "÷ 1 automation"], rows);
}

const [cpu] = cpus();
say(`${cpus().length} × ${cpu?.model ?? "?"}, Node ${process.versions.node}, V8 ${process.versions.v8}`);
say(`npm run bench:core -- ${argv.join(" ")}`);
say(`${settings.events} events a round, ${settings.rounds} rounds after ${settings.warmUp} to warm up;`);
say("ratios of rates: median (least–greatest) of the rounds, each with its reference run next to it.\n");

const measured: Measured[] = [];
for (const { name } of workloads(settings.events)) {
  if (!name.includes(settings.only)) continue;
  process.stderr.write(`${name} …\n`);
  measured.push(...(await inOwnProcess<readonly Measured[]>(name)));
}
const results = new Results(measured);
say(`${againstParsing(results)}\n`);
if (results.variants.includes("1 automation")) say(`${againstOneAutomation(results)}\n`);
if (!isBuilt()) say("Esper was not measured: it is not built (bench/README.md says how).\n");
else if (settings.esper && measured.some(({ contestant }) => contestant === "Esper"))
  say(`${againstEsper(results)}\n`);
if ("memory".includes(settings.only)) {
  const { keys, bytesPerBucket, bytesPerEvent } = await inOwnProcess<Memory>("memory");
  say(
    `Memory of an open bucket, ${keys.toLocaleString("en")} keys: ${Math.round(bytesPerBucket)} bytes. The last event, ` +
      `which only a trigger of absence keeps too, is ${Math.round(bytesPerEvent)} bytes.`,
  );
}
