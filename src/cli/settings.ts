/** What a process is told by its environment and flags; every fault at once. */
import { bad, type Fault, good, type Result } from "../core/model/fault.ts";

export const roleNames = ["evaluator", "scheduler", "historian", "gateway"] as const;
export type RoleName = (typeof roleNames)[number];

export const isRoleName = (text: string): text is RoleName => roleNames.some((name) => name === text);

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly isEncrypted: boolean;
  readonly sasl: {
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    readonly username: string;
    readonly password: string;
  } | null;
}

export interface ClickhouseSettings {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface Settings {
  readonly host: string;
  readonly port: number;
  /** `user:password` for Basic, any other text for Bearer; null: loopback only. */
  readonly apiAuth: string | null;
  /** Where commands find the API; ends in `/api`, as Prefect's does. */
  readonly apiUrl: string;
  /** The flag or variable that says so; null: nobody does. */
  readonly apiUrlFrom: string | null;
  /** The folder of the embedded log and history. */
  readonly dataFolder: string;
  /** Null: the log in SQLite. */
  readonly kafka: KafkaSettings | null;
  /** Null: ClickHouse's engine in process. */
  readonly clickhouse: ClickhouseSettings | null;
  /** Where the process that owns the embedded engine answers queries. */
  readonly historyPort: number;
  readonly historyUrl: string;
  /** Topics are named `<prefix>.<topic>`. */
  readonly prefix: string;
  /** Null: as the topology says. */
  readonly partitions: number | null;
  /** How many other evaluators follow the state of each partition, to take it over at once. */
  readonly standbys: number;
  /** Null: the one that comes with Tripline. */
  readonly topologyFile: string | null;
  /** Workspace variables: the path of a file, or a JSON object; null: there are none. */
  readonly variables: string | null;
  /** Whether internal errors are logged with where they came from. */
  readonly isDebugged: boolean;
}

export interface Flags {
  readonly host?: string;
  readonly port?: string;
  readonly data?: string;
  readonly apiUrl?: string;
  readonly standby?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings, a flag before its variable before the default. */
export function readSettings(environment: Environment, flags: Flags = {}): Result<Settings> {
  const read = new SettingsReader(environment);
  const host = flags.host ?? read.text("TRIPLINE_HOST") ?? "127.0.0.1";
  const port = read.port("TRIPLINE_PORT", 4200, flags.port);
  const apiAuth = read.text("TRIPLINE_API_AUTH") ?? read.text("PREFECT_API_AUTH_STRING");
  const historyPort = read.port("TRIPLINE_HISTORY_PORT", 4201);
  const settings: Settings = {
    host,
    port,
    apiAuth,
    ...readApiUrl(read, port, flags),
    dataFolder: flags.data ?? read.text("TRIPLINE_DATA") ?? "./.tripline",
    kafka: readKafka(read),
    clickhouse: readClickhouse(read),
    historyPort,
    historyUrl:
      read.url("TRIPLINE_HISTORY_URL", "http://127.0.0.1:4201") ?? `http://127.0.0.1:${historyPort}`,
    prefix: readPrefix(read),
    partitions: read.whole("TRIPLINE_PARTITIONS", { min: 1, max: 10_000 }),
    standbys: read.whole("TRIPLINE_STANDBY", { min: 0, max: 100 }, { "--standby": flags.standby }) ?? 0,
    topologyFile: read.text("TRIPLINE_TOPOLOGY"),
    variables: read.text("TRIPLINE_VARIABLES"),
    isDebugged: read.flag("TRIPLINE_DEBUG"),
  };
  return read.faults.length > 0 ? bad(read.faults) : good(settings);
}

type Api = Pick<Settings, "apiUrl" | "apiUrlFrom">;

function readApiUrl(read: SettingsReader, port: number, flags: Flags): Api {
  const example = "http://127.0.0.1:4200/api";
  if (flags.apiUrl !== undefined) {
    return { apiUrl: read.checkedUrl("--api-url", flags.apiUrl, example), apiUrlFrom: "--api-url" };
  }
  for (const name of ["TRIPLINE_API_URL", "PREFECT_API_URL"]) {
    const apiUrl = read.url(name, example);
    if (apiUrl !== null) return { apiUrl, apiUrlFrom: name };
  }
  const apiUrlFrom = read.text("TRIPLINE_PORT") === null ? null : "TRIPLINE_PORT";
  return { apiUrl: `http://127.0.0.1:${port}/api`, apiUrlFrom };
}

function readPrefix(read: SettingsReader): string {
  const prefix = read.text("TRIPLINE_PREFIX") ?? "tripline";
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(prefix)) {
    read.fault(
      "TRIPLINE_PREFIX",
      "expected 1 to 100 letters, digits, dots, dashes and underscores, as in tripline",
      prefix,
    );
  }
  return prefix;
}

function readKafka(read: SettingsReader): KafkaSettings | null {
  const list = read.text("KAFKA_BROKERS");
  const isEncrypted = read.flag("KAFKA_SSL");
  const sasl = readSasl(read);
  if (list === null) {
    if (sasl !== null) read.fault("KAFKA_BROKERS", "missing, although KAFKA_SASL_USERNAME is set");
    return null;
  }
  const brokers = list.split(",").map((broker) => broker.trim());
  for (const broker of brokers) {
    if (!/^[^\s:/]+:\d{1,5}$|^\[[^\]\s]+\]:\d{1,5}$/.test(broker)) {
      read.fault("KAFKA_BROKERS", "expected host:port, several separated by commas", broker);
    }
  }
  return { brokers, isEncrypted, sasl };
}

function readSasl(read: SettingsReader): KafkaSettings["sasl"] {
  const username = read.text("KAFKA_SASL_USERNAME");
  const password = read.text("KAFKA_SASL_PASSWORD");
  const named = read.text("KAFKA_SASL_MECHANISM");
  const mechanism = (named ?? "plain").toLowerCase();
  if (mechanism !== "plain" && mechanism !== "scram-sha-256" && mechanism !== "scram-sha-512") {
    read.fault("KAFKA_SASL_MECHANISM", "expected plain, scram-sha-256 or scram-sha-512", mechanism);
    return null;
  }
  if (username === null && password === null && named === null) return null;
  if (username === null)
    read.fault("KAFKA_SASL_USERNAME", "missing, although KAFKA_SASL_MECHANISM or KAFKA_SASL_PASSWORD is set");
  if (password === null)
    read.fault("KAFKA_SASL_PASSWORD", "missing, although KAFKA_SASL_MECHANISM or KAFKA_SASL_USERNAME is set");
  return { mechanism, username: username ?? "", password: password ?? "" };
}

function readClickhouse(read: SettingsReader): ClickhouseSettings | null {
  const url = read.url("CLICKHOUSE_URL", "http://127.0.0.1:8123");
  if (url === null) return null;
  return {
    url,
    user: read.text("CLICKHOUSE_USER") ?? "default",
    password: read.text("CLICKHOUSE_PASSWORD") ?? "",
    database: read.text("CLICKHOUSE_DATABASE") ?? "tripline",
  };
}

/** Reads one variable after the other and remembers what was wrong. Values of secrets never come into a fault. */
class SettingsReader {
  readonly faults: Fault[] = [];
  readonly #environment: Environment;
  constructor(environment: Environment) {
    this.#environment = environment;
  }

  fault(name: string, expected: string, found?: string): void {
    const message = found === undefined ? expected : `${expected}; found ${JSON.stringify(found)}`;
    this.faults.push({ at: [name], type: "value_error", message });
  }

  /** A variable that is set and empty is as good as not set: compose files pass them on that way. */
  text(name: string): string | null {
    const value = this.#environment[name];
    return value === undefined || value === "" ? null : value;
  }

  /** A flag goes before its variable. */
  whole(
    name: string,
    range: { readonly min: number; readonly max: number },
    flags: Readonly<Record<string, string | undefined>> = {},
  ): number | null {
    const [given] = Object.entries(flags).filter(([, text]) => text !== undefined);
    const [source, text] = given ?? [name, this.text(name) ?? undefined];
    if (text === undefined) return null;
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.min && value <= range.max) return value;
    this.fault(source, `expected a whole number from ${range.min} to ${range.max}`, text);
    return null;
  }

  port(name: string, otherwise: number, given?: string): number {
    return this.whole(name, { min: 0, max: 65_535 }, { "--port": given }) ?? otherwise;
  }

  flag(name: string): boolean {
    const text = this.text(name)?.toLowerCase() ?? "false";
    if (!["true", "false", "1", "0"].includes(text)) this.fault(name, "expected true or false", text);
    return text === "true" || text === "1";
  }

  url(name: string, example: string): string | null {
    const text = this.text(name);
    return text === null ? null : this.checkedUrl(name, text, example);
  }

  checkedUrl(name: string, text: string, example: string): string {
    const isWeb = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
    // The text may hold a password, so it is not repeated.
    if (!isWeb) this.fault(name, `expected a URL as in ${example}`);
    return text.replace(/\/+$/, "");
  }
}
