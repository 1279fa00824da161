/** Esper as a contestant: a JVM of its own that holds the same events in memory and runs a round when asked. */
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import type { Round } from "./contestants.ts";
import type { Variant } from "./workloads.ts";

const ROOT = join(import.meta.dirname, "../..");
const BUILT = join(ROOT, ".cache/esper");
const HEAP = "-Xmx4g";
/** So many events, and a JVM has compiled what it will compile. */
const WARM = 1_000_000;

export const isBuilt = (): boolean => existsSync(join(BUILT, "esper-1.jar"));

export interface Esper {
  round(): Promise<Round>;
  stop(): void;
}

export async function startEsper(variant: Variant, epl: string): Promise<Esper> {
  const folder = mkdtempSync(join(tmpdir(), "tripline-bench-"));
  const events = join(folder, "events.tsv");
  await write(variant, events);
  const patterns = join(ROOT, "bench/peers/esper/epl", `${epl}.epl`);
  const path = [join(BUILT, "esper-1.jar"), join(BUILT, "lib/*")].join(":");
  const jvm = spawn("java", [HEAP, "-cp", path, "tripline.bench.Contestant", patterns, events], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers = createInterface({ input: jvm.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const { value, done } = await answers.next();
    if (done === true) throw new Error("Esper has ended");
    return value;
  };
  const round = async (): Promise<Round> => {
    jvm.stdin.write("round\n");
    const [nanos = "", fired = ""] = (await answer()).split(" ");
    return { nanos: Number(nanos), fired: Number(fired) };
  };
  await answer();
  for (let taken = 0; taken < WARM; taken += variant.fill + variant.count) await round();
  return {
    round,
    stop() {
      jvm.stdin.end();
      rmSync(folder, { recursive: true });
    },
  };
}

async function write(variant: Variant, path: string): Promise<void> {
  const file = createWriteStream(path);
  for (const { at, name, resource } of variant.events()) file.write(`${at}\t${name}\t${resource}\n`);
  file.end();
  await finished(file);
}
