/** Runs one command line against a real gateway over ports in memory. */
import { runIn } from "../../src/cli/cli.ts";
import { createGateway, serveGateway } from "../../src/gateway/gateway.ts";
import { type MemoryPorts, memoryPorts } from "../gateway/memory-ports.ts";
import { recordingOut, type Said } from "./recording-out.ts";

export interface Setting {
  readonly ports: MemoryPorts;
  readonly auth?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What comes in on stdin. */
  readonly input?: string;
}

export async function tripline(
  argv: readonly string[],
  setting: Setting = { ports: memoryPorts() },
): Promise<Said> {
  const { ports, auth = null, environment = {}, input = "" } = setting;
  const app = createGateway(ports, { auth, log: () => {} });
  const served = await serveGateway(app, { host: "127.0.0.1", port: 0, auth });
  const { out, said } = recordingOut();
  try {
    await runIn(argv, {
      out,
      host: { onStop: () => () => {}, exit: () => {} },
      environment: { TRIPLINE_API_URL: served.url, ...environment },
      readInput: async () => input,
      startProcess: async () => {
        throw new Error("not in this test");
      },
    });
    return said;
  } finally {
    await served.close();
  }
}

/** Nothing noted, nothing failed. */
export const quiet = { noted: [], failed: [], code: 0 };
