/** The command line: reads what was typed, does it, and says what went wrong in one message. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { formatFault } from "../core/model/fault.ts";
import { ClientError } from "../sdk/sdk.ts";
import {
  addCommands,
  processHost,
  readStdin,
  type StartProcess,
  type Surroundings,
} from "./commands/commands.ts";
import { type Out, processOut } from "./out.ts";
import { ConfigurationError, reasonOf } from "./reasons.ts";
import { screenOf } from "./screen.ts";
import { type Flags, readSettings, type Settings } from "./settings.ts";

/** The world as commands see it; tests bring their own. */
export type World = Omit<Surroundings, "settings"> & {
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** Does what the arguments say, and sets the exit code of this process. */
export async function run(argv: readonly string[]): Promise<void> {
  await runIn(argv, {
    out: processOut(process),
    host: processHost(process),
    environment: process.env,
    readInput: readStdin,
    screen: screenOf(process.stderr),
    startProcess,
  });
}

/** Loaded only when roles are run: the other commands need no log and no history of their own. */
const startProcess: StartProcess = async (settings, roles, log) => {
  const assemble = await import("./assemble.ts");
  return assemble.startProcess(settings, roles, log);
};

/** The same in a world that is handed in. */
export async function runIn(argv: readonly string[], world: World): Promise<void> {
  const { out, environment } = world;
  let help = "";
  const program = new Command("tripline")
    .description("Runs deployments on the presence or absence of events.")
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.print(text.trimEnd()), writeErr: (text) => (help += text) })
    .addHelpText("after", "\nExample:\n  tripline start\n  tripline deploy --all\n  tripline runs list");
  addCommands(program, { ...world, settings: (flags) => settingsOf(environment, flags) });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) complainOfUse(out, error, help);
    else complain(out, error, !["", "0", "false", undefined].includes(environment["TRIPLINE_DEBUG"]));
  }
}

/** The same two folders up, from src/cli and from dist/cli. */
function version(): string {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  return manifest.version;
}

function settingsOf(environment: World["environment"], flags: Flags): Settings {
  const settings = readSettings(environment, flags);
  if (!settings.ok) throw new ConfigurationError(settings.faults.map(formatFault).join("\n"));
  return settings.value;
}

function complain(out: Out, error: unknown, isDebugged: boolean): void {
  if (error instanceof ConfigurationError) out.fail(error.message, 2);
  else if (error instanceof ClientError) out.fail(error.message);
  else {
    const stack = error instanceof Error && isDebugged ? error.stack : undefined;
    out.fail(`Unexpected: ${stack ?? `${reasonOf(error)} (TRIPLINE_DEBUG=1 tells where)`}`);
  }
}

/** Asking for help is no misuse, but typing too little is: the help is the complaint then. */
function complainOfUse(out: Out, error: CommanderError, help: string): void {
  if (error.exitCode === 0) return;
  const isHelp = error.code === "commander.help";
  const message = `${error.message.replace(/^error: /, "")}\nWhat there is, is told by --help.`;
  out.fail(isHelp ? help.trimEnd() : message, 2);
}
