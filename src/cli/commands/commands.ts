/** Every command of the command line: its words, its help, and the function that does it. */
import { text } from "node:stream/consumers";
import { type Command, InvalidArgumentError } from "commander";
import type { Out } from "../out.ts";
import { ConfigurationError } from "../reasons.ts";
import type { Screen } from "../screen.ts";
import { type Flags, isRoleName, type RoleName, roleNames, type Settings } from "../settings.ts";
import { listAutomations } from "./automations.ts";
import { type DeployOptions, deploy } from "./deploy.ts";
import { describeTopology } from "./describe.ts";
import { type EventsSendOptions, sendEvent } from "./events.ts";
import { askHistory } from "./history.ts";
import type { ReplayFlags } from "./replay/replay.ts";
import { listRuns } from "./runs.ts";
import { type Host, type StartProcess, start } from "./start.ts";

export { processHost, type RunningProcess, type StartProcess } from "./start.ts";

/** What commands are given besides their own options. */
export interface Surroundings {
  readonly out: Out;
  readonly host: Host;
  readonly startProcess: StartProcess;
  readonly readInput: () => Promise<string>;
  /** The terminal on which progress is shown; null where there is none. */
  readonly screen?: Screen | null;
  /** Settings from the environment and the command's flags; throws SettingsError. */
  readonly settings: (flags: Flags) => Settings;
}

/** What comes in on stdin, to its end. */
export const readStdin = (): Promise<string> => text(process.stdin);

export function addCommands(program: Command, around: Surroundings): void {
  addProcesses(program, around);
  addDefinitions(program, around);
  addReplay(program, around);
  addListings(program, around);
}

function addProcesses(program: Command, { out, host, startProcess, settings }: Surroundings): void {
  const startRoles = (roles: readonly RoleName[], chosen: Settings): Promise<void> =>
    start(chosen, out, { roles, startProcess, host });

  serverOptions(program.command("start"))
    .description("Runs everything in one process, until Ctrl-C.")
    .addHelpText("after", SERVERS + example("tripline start --port 4300 --data /var/lib/tripline"))
    .action((flags: Flags) => startRoles(roleNames, settings(flags)));

  serverOptions(program.command("run"))
    .description(`Runs some roles in this process: ${roleNames.join(", ")}.`)
    .argument("<role...>", "the roles to run", roleOf)
    .addHelpText("after", SERVERS + example("KAFKA_BROKERS=localhost:9092 tripline run evaluator"))
    .action(async (roles: readonly RoleName[], flags: Flags) => {
      const chosen = settings(flags);
      if (chosen.kafka === null) throw new ConfigurationError(NEEDS_KAFKA);
      await startRoles([...new Set(roles)], chosen);
    });
}

/** Processes with an embedded log each would know nothing of each other. */
const NEEDS_KAFKA =
  "KAFKA_BROKERS: missing: separate roles need Kafka; `tripline start` runs all roles in one process";

const SERVERS = `
KAFKA_BROKERS (host:port) takes Kafka for the log, CLICKHOUSE_URL a ClickHouse server for history;
without them both are embedded. Every setting: docs/operating.md
`;

const serverOptions = (command: Command): Command =>
  command
    .option("--port <port>", "port of the API (TRIPLINE_PORT, 4200)")
    .option("--host <host>", "address to listen on (TRIPLINE_HOST, 127.0.0.1)")
    .option("--standby <count>", "other evaluators that follow each one's state (TRIPLINE_STANDBY, 0)")
    .option("--data <folder>", "where the embedded log and history are kept (TRIPLINE_DATA, ./.tripline)");

/** Commander hands on what was read so far. */
function roleOf(name: string, before: readonly RoleName[] | undefined): readonly RoleName[] {
  if (!isRoleName(name)) throw new InvalidArgumentError(`The roles are ${roleNames.join(", ")}.`);
  return [...(before ?? []), name];
}

interface DescribeFlags {
  readonly mermaid?: boolean;
}

function addDefinitions(program: Command, { out, settings }: Surroundings): void {
  clientOptions(program.command("deploy"))
    .description("Deploys what a prefect.yaml defines, with its triggers.")
    .option("--all", "every deployment of the file")
    .option("-n, --name <name>", "this deployment; may be given several times", collect)
    .option("--prefect-file <path>", "the file to read", "prefect.yaml")
    .option("--trigger <json|path>", "instead of the file's triggers; may be given several times", collect)
    .addHelpText("after", example("tripline deploy --all --prefect-file prefect.yaml"))
    .action((flags: Flags & Partial<DeployOptions>) =>
      deploy(settings(flags), out, { name: [], trigger: [], prefectFile: "prefect.yaml", ...flags }),
    );

  program
    .command("describe")
    .description("Shows how topics, roles and steps are joined.")
    .option("--mermaid", "as a Mermaid diagram")
    .addHelpText("after", example("tripline describe --mermaid > topology.mmd"))
    .action((flags: DescribeFlags) => describeTopology(settings({}), out, flags));
}

function addReplay(program: Command, { out, settings, screen = null }: Surroundings): void {
  program
    .command("replay")
    .description("Runs automations over events of the past: what would have fired and run, and when.")
    .option("--automations <file>", "a prefect.yaml, triggers, or automations as the API takes them")
    .option("--events <file>", "events, one JSON object a line, in the order in which they came in")
    .option("--until <time>", "let time pass until then; without it, time ends with the last event")
    .option("--variables <file>", "workspace variables, name to value (TRIPLINE_VARIABLES)")
    .option("--no-feedback", "what firings lead to does not come back as events")
    .option("--json", "for programs: one JSON object a line")
    .option("--explain [trigger]", "how each event moved this trigger (AUTOMATION or AUTOMATION/0)")
    .option("--key <value...>", "with --explain: only this key, the values of for_each in label order")
    .option("--cases <file>", "answer conformance cases instead (test/oracle/FORMAT.md)")
    .addHelpText("after", example("tripline replay --automations prefect.yaml --events events.jsonl"))
    .action(async (flags: ReplayFlags) => {
      const { replay } = await import("./replay/replay.ts");
      await replay(settings({}), { out, screen }, flags);
    });
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

interface ListFlags extends Flags {
  readonly json?: boolean;
}

function addListings(program: Command, { out, settings, readInput }: Surroundings): void {
  const runs = program.command("runs").description("What will run, and when.");
  clientOptions(runs.command("list"))
    .description("Lists the runs that wait for their time.")
    .option("--limit <count>", "how many at most (200, with --json 10000; not more than 10000)", countOf)
    .addHelpText("after", example("tripline runs list --json"))
    .action((flags: ListFlags & { limit?: number }) => listRuns(settings(flags), out, flags));

  const automations = program.command("automations").description("Triggers and what they run.");
  clientOptions(automations.command("list"))
    .description("Lists all automations.")
    .addHelpText("after", example("tripline automations list --json"))
    .action((flags: ListFlags) => listAutomations(settings(flags), out, flags));

  const events = program.command("events").description("Sends events.");
  clientOptions(events.command("send"))
    .description("Sends one event.")
    .requiredOption("--event <name>", "what happened")
    .requiredOption("--resource <id>", "to which resource")
    .option("--payload <json>", "more about it, a JSON object")
    .addHelpText(
      "after",
      example("tripline events send --event order.paid --resource order.17 --payload '{\"eur\": 9}'"),
    )
    .action((flags: Flags & EventsSendOptions) => sendEvent(settings(flags), out, flags));

  clientOptions(program.command("history"))
    .description("Asks the history of events, firings and runs in SQL.")
    .argument("<sql>", "the question, or - to read it from stdin")
    .addHelpText("after", example('tripline history "select event, count() from events group by event"'))
    .action((sql: string, flags: ListFlags) =>
      askHistory(settings(flags), out, { ...flags, sql, readInput }),
    );
}

const clientOptions = (command: Command): Command =>
  command
    .option("--json", "print JSON instead of a table")
    .option(
      "--api-url <url>",
      "where the API is (TRIPLINE_API_URL, PREFECT_API_URL, http://127.0.0.1:4200/api)",
    );

function countOf(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(value);
}

const example = (line: string): string => `\nExample:\n  ${line}`;
