/**
 * Writes into package-lock.json the packages for other platforms that npm left out because the registry at hand
 * lacks them. `npm ci` would call the lock out of step; with them it skips what is not for this machine.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface Package {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, Package>>;
}

const systems = ["darwin", "linux", "win32", "android", "freebsd", "openharmony"];
const processors = ["x64", "arm64", "arm", "ia32", "ppc64", "s390x", "riscv64"];

/** `@swc/core-linux-arm-gnueabihf` says all there is to know: system, processor, C library. */
function platformOf(name: string): Package | null {
  const words = name.split(/[-/]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) return null;

  if (os !== "linux") return { os: [os], cpu: [cpu] };
  return { os: [os], cpu: [cpu], libc: [words.some((word) => word.startsWith("musl")) ? "musl" : "glibc"] };
}

const file = new URL("../package-lock.json", import.meta.url);
const lock: Lock = JSON.parse(readFileSync(file, "utf8"));
const places = Object.keys(lock.packages);
const isHeld = (name: string): boolean => places.some((place) => place.endsWith(`node_modules/${name}`));

const missing = Object.values(lock.packages).flatMap(({ dev, optionalDependencies = {} }) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !isHeld(name))
    .flatMap(([name, version]): [string, Package][] => {
      const platform = platformOf(name);
      if (platform === null) return [];
      return [[`node_modules/${name}`, { version, ...(dev && { dev }), optional: true, ...platform }]];
    }),
);

const packages = Object.fromEntries([...Object.entries(lock.packages), ...missing]);
writeFileSync(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
console.log(missing.map(([place]) => `added ${place}`).join("\n") || "nothing was missing");
