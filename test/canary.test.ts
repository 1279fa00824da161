/**
 * A gate that reads nothing passes everything. Each gate is shown a small clean house, which it must pass,
 * and the same house with one fault, which it must name.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules", ".bin");

/** The gates, by the names of their scripts in package.json. */
const gates = ["types", "format:check", "lint", "layers", "deadcode"] as const;
type Gate = (typeof gates)[number];

const configs = [
  "tsconfig.json",
  "src/core/tsconfig.json",
  "biome.json",
  ".oxlintrc.json",
  ".dependency-cruiser.mjs",
  "knip.json",
];

const clean: Readonly<Record<string, string>> = {
  "src/main.ts": 'import { run } from "./cli/cli.ts";\n\nawait run();\n',
  "src/cli/cli.ts": [
    'import { stages } from "../core/core.ts";',
    'import { order } from "../core/order/order.ts";',
    "",
    "export async function run(): Promise<void> {",
    "  console.log(await Promise.resolve(stages.length + order(1)));",
    "}\n",
  ].join("\n"),
  "src/core/core.ts": [
    'import { match } from "./match/match.ts";',
    'import { order } from "./order/order.ts";',
    "",
    "export const stages = [order, match];\n",
  ].join("\n"),
  "src/core/processor.ts": "export type Count = number;\n",
  "src/core/order/order.ts": [
    'import type { Count } from "../processor.ts";',
    "",
    "export const order = (seen: Count): Count => seen;\n",
  ].join("\n"),
  "src/core/match/match.ts": [
    'import type { Count } from "../processor.ts";',
    'import { half } from "./half.ts";',
    "",
    "export const match = (seen: Count): Count => half(seen);\n",
  ].join("\n"),
  "src/core/match/half.ts": "export const half = (whole: number): number => whole / 2;\n",
};

interface Fault {
  readonly is: string;
  readonly gate: Gate;
  readonly file: string;
  /** Put at the end of the file. */
  readonly adds: string;
  readonly named: RegExp;
}

const faults: readonly Fault[] = [
  {
    is: "a type that does not fit",
    gate: "types",
    file: "src/cli/cli.ts",
    adds: 'export const wrong: number = "one";\n',
    named: /cli\.ts.*TS2322/,
  },
  {
    is: "a global of Node's in core",
    gate: "types",
    file: "src/core/core.ts",
    adds: "export const arguments_ = process.argv;\n",
    named: /core\.ts.*TS2591/,
  },
  {
    is: "a line out of form",
    gate: "format:check",
    file: "src/cli/cli.ts",
    adds: "export const loose   = 'one'\n",
    named: /cli\.ts format/,
  },
  {
    is: "a promise left floating",
    gate: "lint",
    file: "src/main.ts",
    adds: "run();\n",
    named: /no-floating-promises/,
  },
  {
    is: "a case forgotten",
    gate: "lint",
    file: "src/cli/cli.ts",
    adds: 'export function told(kind: "a" | "b"): void {\n  switch (kind) {\n    case "a":\n  }\n}\n',
    named: /switch-exhaustiveness-check/,
  },
  {
    is: "a print in core",
    gate: "lint",
    file: "src/core/core.ts",
    adds: "console.log(stages);\n",
    named: /no-console/,
  },
  {
    is: "a clock read in core",
    gate: "lint",
    file: "src/core/core.ts",
    adds: "export const readAt = Date.now();\n",
    named: /no-restricted-globals/,
  },
  {
    is: "an import that goes up, of a type only",
    gate: "layers",
    file: "src/core/core.ts",
    adds: 'export type { run } from "../cli/cli.ts";\n',
    named: /core-only-down/,
  },
  {
    is: "a stage that knows a stage",
    gate: "layers",
    file: "src/core/order/order.ts",
    adds: 'export { match } from "../match/match.ts";\n',
    named: /stages-are-strangers/,
  },
  {
    is: "a way in past the door",
    gate: "layers",
    file: "src/cli/cli.ts",
    adds: 'export { half } from "../core/match/half.ts";\n',
    named: /through-the-door-of-src\/core\/match/,
  },
  {
    is: "a package where it does not belong",
    gate: "layers",
    file: "src/core/core.ts",
    adds: 'export { Kafka } from "kafkajs";\n',
    named: /core-packages/,
  },
  {
    is: "a machine in core",
    gate: "layers",
    file: "src/core/core.ts",
    adds: 'export { readFileSync } from "node:fs";\n',
    named: /core-is-pure/,
  },
  {
    is: "an export nobody uses",
    gate: "deadcode",
    file: "src/core/match/half.ts",
    adds: "export const third = (whole: number): number => whole / 3;\n",
    named: /third/,
  },
];

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** What only the real tests use; in the small house it would be dead weight. */
const usedByTests = ["fast-check", "testcontainers", "@types/mustache", "minijinja-js"];

function build(house: string): void {
  for (const file of configs) cpSync(join(root, file), join(house, file));
  symlinkSync(join(root, "node_modules"), join(house, "node_modules"));
  const tools = Object.entries(manifest.devDependencies).filter(([name]) => !usedByTests.includes(name));
  const { scripts } = manifest;
  const small = { name: "canary", type: "module", scripts, devDependencies: Object.fromEntries(tools) };
  writeFileSync(join(house, "package.json"), `${JSON.stringify(small, null, 2)}\n`);
  for (const [file, text] of Object.entries(clean)) {
    mkdirSync(dirname(join(house, file)), { recursive: true });
    writeFileSync(join(house, file), text);
  }
}

interface Verdict {
  readonly passed: boolean;
  readonly said: string;
}

/** Runs a gate's own script from package.json, as npm would. */
async function ask(gate: Gate, house: string): Promise<Verdict> {
  const env = {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
    NO_COLOR: "1",
    FORCE_COLOR: undefined,
  };
  const child = spawn(manifest.scripts[gate] ?? "false", { cwd: house, env, shell: true });
  let said = "";
  child.stdout.on("data", (part: Buffer) => (said += part.toString()));
  child.stderr.on("data", (part: Buffer) => (said += part.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ passed: code === 0, said }));
  });
}

describe("the gates", { concurrency: 2 }, () => {
  let shelf = "";
  before(() => {
    shelf = mkdtempSync(join(tmpdir(), "tripline-canary-"));
  });
  after(() => rmSync(shelf, { recursive: true }));

  function newHouse(): string {
    const house = mkdtempSync(join(shelf, "house-"));
    build(house);
    return house;
  }

  for (const gate of gates) {
    it(`${gate} passes a clean house`, async () => {
      const { passed, said } = await ask(gate, newHouse());
      assert.ok(passed, said);
    });
  }

  for (const { is, gate, file, adds, named } of faults) {
    it(`${gate} names ${is}`, async () => {
      const house = newHouse();
      writeFileSync(join(house, file), `${clean[file] ?? ""}${adds}`);
      const { passed, said } = await ask(gate, house);
      assert.match(said, named);
      assert.ok(!passed, `named, but let through:\n${said}`);
    });
  }
});
