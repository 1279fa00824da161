/** Starting and stopping: what is said, and how the process ends. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type RunningProcess, start } from "../../src/cli/commands/start.ts";
import { ConfigurationError } from "../../src/cli/reasons.ts";
import { readSettings, type Settings } from "../../src/cli/settings.ts";
import { recordingOut } from "./recording-out.ts";

const read = readSettings({});
assert.ok(read.ok);
const settings: Settings = read.value;

const never = new Promise<never>(() => {});

/** A host whose signals are sent by the test. */
function testHost() {
  const listeners = new Set<() => void>();
  const exits: number[] = [];
  const host = {
    onStop: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exit: (code: number) => exits.push(code),
  };
  return { host, exits, listeners, interrupt: () => listeners.forEach((listener) => listener()) };
}

describe("a process that was started", () => {
  it("says where it is, stops when it is asked to, and leaves no listener behind", async () => {
    const { host, listeners, exits, interrupt } = testHost();
    const { out, said } = recordingOut();
    const steps: string[] = [];
    const running: RunningProcess = {
      lines: ["API at http://127.0.0.1:4200/api", "data in ./.tripline"],
      stop: async () => void steps.push("stopped"),
      failed: never,
    };
    const startProcess = async (): Promise<RunningProcess> => {
      steps.push("started");
      setImmediate(interrupt);
      return running;
    };
    await start(settings, out, { roles: ["gateway"], startProcess, host });
    assert.deepEqual(steps, ["started", "stopped"]);
    assert.deepEqual(said.printed, [...running.lines, "Stopping …", "Stopped."]);
    assert.deepEqual([said.code, exits, listeners.size], [0, [], 0]);
  });

  it("is ended at once by a second signal, although it is still stopping", async () => {
    const { host, exits, interrupt } = testHost();
    const { out } = recordingOut();
    const stopping = Promise.withResolvers<void>();
    const startProcess = async (): Promise<RunningProcess> => ({
      lines: [],
      stop: () => stopping.promise,
      failed: never,
    });
    const ended = start(settings, out, { roles: [], startProcess, host });
    interrupt();
    assert.deepEqual(exits, []);
    interrupt();
    assert.deepEqual(exits, [130]);
    stopping.resolve();
    await ended;
  });

  it("says that it could not stop cleanly, where it could not", async () => {
    const { host, interrupt } = testHost();
    const { out, said } = recordingOut();
    const startProcess = async (): Promise<RunningProcess> => {
      setImmediate(interrupt);
      return { lines: [], stop: () => Promise.reject(new Error("the disk is full")), failed: never };
    };
    await start(settings, out, { roles: [], startProcess, host });
    assert.deepEqual(
      [said.printed, said.failed, said.code],
      [["Stopping …"], ["Tripline could not stop cleanly: the disk is full"], 1],
    );
  });

  it("stops what still runs and ends with 1 when it cannot go on", async () => {
    const { host } = testHost();
    const { out, said } = recordingOut();
    let stopped = 0;
    const startProcess = async (): Promise<RunningProcess> => ({
      lines: [],
      stop: async () => void (stopped += 1),
      failed: Promise.reject(new Error("the disk is full")),
    });
    await start(settings, out, { roles: [], startProcess, host });
    assert.deepEqual(said, {
      printed: [],
      noted: [],
      failed: ["Tripline cannot go on: the disk is full"],
      code: 1,
    });
    assert.equal(stopped, 1);
  });
});

describe("a process that is asked to stop while it starts", () => {
  it("stops what has started and ends with 130", async () => {
    const { host, exits, interrupt } = testHost();
    const { out, said } = recordingOut();
    let stopped = 0;
    const startProcess = async (): Promise<RunningProcess> => {
      interrupt();
      await new Promise((done) => setImmediate(done));
      return { lines: ["ready"], stop: async () => void (stopped += 1), failed: never };
    };
    await start(settings, out, { roles: [], startProcess, host });
    assert.deepEqual([said.printed, exits, stopped], [["Stopping …", "Stopped."], [130], 1]);
  });
});

describe("a process that cannot start", () => {
  it("ends with 2 where it was told something that cannot be", async () => {
    const { host } = testHost();
    const { out, said } = recordingOut();
    const startProcess = async (): Promise<RunningProcess> => {
      throw new ConfigurationError("TRIPLINE_HOST: not without TRIPLINE_API_AUTH");
    };
    await start(settings, out, { roles: ["gateway"], startProcess, host });
    assert.equal(said.code, 2);
  });

  it("says why in one message and ends with 1", async () => {
    const { host, listeners } = testHost();
    const { out, said } = recordingOut();
    const startProcess = async (): Promise<RunningProcess> => {
      throw new Error("The API cannot listen on 127.0.0.1:4200");
    };
    await start(settings, out, { roles: ["gateway"], startProcess, host });
    assert.deepEqual(said.failed, ["Tripline cannot start: The API cannot listen on 127.0.0.1:4200"]);
    assert.deepEqual([said.code, listeners.size], [1, 0]);
  });
});
