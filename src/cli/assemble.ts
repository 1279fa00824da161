/** The one place where edges are chosen and joined: settings and roles in, a running process out. */
import { join, resolve } from "node:path";
import { duration, seconds } from "../core/model/time.ts";
import { historySources, openHistory, remoteHistory, serveHistory } from "../edges/clickhouse/clickhouse.ts";
import { createGateway, isLoopback, serveGateway } from "../gateway/gateway.ts";
import type { History } from "../runtime/ports.ts";
import { type RunningRole, startEvaluator, startHistorian, startScheduler } from "../runtime/runtime.ts";
import type { RunningProcess } from "./commands/commands.ts";
import { openDesk } from "./gateway-ports.ts";
import { openFolder, openGround, type ProcessGround } from "./ground.ts";
import { ConfigurationError, reasonOf } from "./reasons.ts";
import type { RoleName, Settings } from "./settings.ts";

/** Something at work in this process. */
interface Part {
  readonly lines: readonly string[];
  readonly failure?: Promise<never>;
  stop(): Promise<void>;
}

/** Starts these roles in this process; throws, with nothing left running, where one cannot start. */
export async function startProcess(
  settings: Settings,
  roles: readonly RoleName[],
  log: (line: string) => void,
): Promise<RunningProcess> {
  if (roles.includes("gateway")) checkAddress(settings);
  checkStandbys(settings);
  const ground = await openGround(settings, log);
  const parts: Part[] = [{ lines: groundLines(settings), stop: () => ground.close() }];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const part of parts.splice(0).toReversed()) {
      await part.stop().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map(reasonOf).join("; "));
  };
  try {
    const history = await openHistorySide(settings, roles);
    parts.push(history.part);
    if (roles.includes("historian") && history.own !== null) {
      const sources = historySources(ground.wire);
      parts.push(quiet(await startHistorian(ground, { history: history.own, sources })));
    }
    if (roles.includes("evaluator")) {
      const { standbys } = settings;
      parts.push(quiet(await startEvaluator(ground, { clockSkew: clockSkewOf(settings), standbys })));
    }
    if (roles.includes("scheduler")) parts.push(quiet(await startScheduler(ground)));
    if (roles.includes("gateway")) parts.push(await startGateway(ground, { history: history.asked, roles }));
    const failures = parts.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
    const title = `Tripline is ready: ${roles.join(", ")}.`;
    return { lines: [title, ...parts.flatMap(({ lines }) => lines)], stop, failed: Promise.race(failures) };
  } catch (error) {
    // Why it could not start is what matters then.
    await stop().catch(() => {});
    throw error;
  }
}

function checkAddress({ host, apiAuth }: Settings): void {
  if (apiAuth !== null || isLoopback(host)) return;
  throw new ConfigurationError(
    `TRIPLINE_HOST: without TRIPLINE_API_AUTH the API listens on loopback only, not on ${host}: set it, or use 127.0.0.1`,
  );
}

function checkStandbys({ standbys, kafka }: Settings): void {
  if (standbys === 0 || kafka !== null) return;
  throw new ConfigurationError(
    "TRIPLINE_STANDBY: standbys need Kafka: the embedded log belongs to one process, and nobody else could take over",
  );
}

function groundLines({ kafka, prefix, dataFolder }: Settings): readonly string[] {
  if (kafka === null) return [`  data  ${dataFolder}   (TRIPLINE_DATA)`];
  return [`  log   Kafka at ${kafka.brokers.join(", ")}, topics ${prefix}.*   (KAFKA_BROKERS)`];
}

/** A role has nothing to say when it starts. */
const quiet = (role: RunningRole): Part => ({ lines: [], failure: role.failure, stop: () => role.stop() });

/** Brokers have a clock each, the embedded log has only one. */
const clockSkewOf = (settings: Settings) => (settings.kafka === null ? duration(0) : seconds(1));

interface HistorySide {
  /** Where this process writes; null where it does not. */
  readonly own: History | null;
  /** Whom this process asks. */
  readonly asked: Pick<History, "query">;
  readonly part: Part;
}

/** A ClickHouse server where one is set; else the engine in the process that runs the historian, asked by the others. */
async function openHistorySide(settings: Settings, roles: readonly RoleName[]): Promise<HistorySide> {
  const { clickhouse, dataFolder, historyPort, historyUrl } = settings;
  const keeps = roles.includes("historian");
  if (clickhouse === null && !keeps) {
    const asked = remoteHistory(historyUrl);
    return { own: null, asked, part: { lines: [], stop: () => asked.close() } };
  }
  if (clickhouse === null) await openFolder(dataFolder);
  const own = await openHistory(clickhouse ?? { path: join(resolve(dataFolder), "history") });
  // The engine in this process answers from the start; a server that is down is waited for by the historian.
  if (keeps && clickhouse === null) await own.prepare();
  if (clickhouse !== null || roles.includes("gateway")) {
    return { own, asked: own, part: { lines: [], stop: () => own.close() } };
  }
  const served = await serveHistory(own, { port: historyPort });
  const stop = async (): Promise<void> => {
    try {
      await served.close();
    } finally {
      await own.close();
    }
  };
  return { own, asked: own, part: { lines: [`  history ${served.url}   (TRIPLINE_HISTORY_PORT)`], stop } };
}

async function startGateway(
  ground: ProcessGround,
  { history, roles }: { readonly history: Pick<History, "query">; readonly roles: readonly RoleName[] },
): Promise<Part> {
  const { host, port, apiAuth } = ground.settings;
  const desk = await openDesk(ground, { history, roles });
  try {
    const app = createGateway(desk.ports, {
      auth: apiAuth,
      log: ground.report,
      isDebugged: ground.settings.isDebugged,
    });
    const served = await serveGateway(app, { host, port, auth: apiAuth });
    const stop = async (): Promise<void> => {
      try {
        await served.close();
      } finally {
        await desk.close();
      }
    };
    return { lines: [`  API   ${served.url}   (TRIPLINE_PORT)`], stop };
  } catch (error) {
    await desk.close();
    throw error;
  }
}
