/**
 * The import law: who may import whom, from the ground up; type-only imports count.
 * Needs @swc/core: with TypeScript 7 and without swc it reads no file and reports success (the canary would notice).
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

/** Each folder, what it may import, and the packages it may know. */
const folders = {
  core: { below: [], packages: ["zod", "mustache", "@noble/hashes"] },
  define: { below: ["core"], packages: ["yaml", "zod"] },
  topology: { below: ["core"], packages: ["yaml", "zod"] },
  runtime: { below: ["topology", "core"], packages: [] },
  edges: { below: ["runtime", "topology", "core"], packages: [".*"] }, // narrowed by `clients`
  gateway: { below: ["runtime", "define", "core"], packages: ["hono", "@hono/node-server", "ws"] },
  sdk: { below: ["runtime", "define", "core"], packages: [] },
  cli: {
    below: ["sdk", "gateway", "edges", "runtime", "topology", "define", "core"],
    packages: ["commander"],
  },
  web: { below: [], packages: [] },
};

/** Each edge's own client. An edge not named here has none: node:sqlite and fetch come with Node. */
const clients = {
  kafka: ["kafkajs", "@kafkajs/confluent-schema-registry"],
  avro: ["avsc"],
  clickhouse: ["@clickhouse/client", "chdb"],
};

/** Files that may be imported past the door of their folder. */
const open = [
  "^src/core/model/[^/]+$",
  "^src/core/processor\\.ts$",
  "^src/runtime/(ports|partitioner)\\.ts$",
];

const stages = ["order", "match", "evaluate", "measure", "compose", "act", "schedule"];

const anyOf = (names) => `(${names.join("|")})`;
const forbid = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });
const packagesBut = (names) => ({
  path: "node_modules/",
  ...(names.length > 0 && { pathNot: `node_modules/${anyOf(names)}/` }),
});

const onlyDown = Object.entries(folders).map(([folder, { below }]) =>
  forbid(
    `${folder}-only-down`,
    "Imports go down only, so that a folder can be read without those above it.",
    { path: `^src/${folder}/` },
    { path: "^src/", pathNot: `^src/${anyOf([folder, ...below])}/` },
  ),
);

const onePlaceForAPackage = Object.entries(folders).map(([folder, { packages }]) =>
  forbid(
    `${folder}-packages`,
    "Each package is known in as few places as can be; see `folders`.",
    { path: `^src/${folder}/` },
    packagesBut(packages),
  ),
);

const oneClientOneEdge = Object.entries(clients).map(([edge, packages]) =>
  forbid(
    `one-client-one-edge-${edge}`,
    "An edge wraps its own client and knows no other.",
    { path: `^src/edges/${edge}/` },
    packagesBut(packages),
  ),
);

const throughTheDoor = readdirSync("src", { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => join(entry.parentPath, entry.name))
  .map((folder) =>
    forbid(
      `through-the-door-of-${folder}`,
      "From outside, a folder is entered by the file of its own name.",
      { path: "^src/", pathNot: `^${folder}/` },
      { path: `^${folder}/[^/]+$`, pathNot: [`^${folder}/${basename(folder)}\\.ts$`, ...open] },
    ),
  );

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...onlyDown,
    ...onePlaceForAPackage,
    ...oneClientOneEdge,
    ...throughTheDoor,
    forbid(
      "main-starts-the-cli",
      "argv → cli; nothing else is for main to know.",
      { path: "^src/main\\.ts$" },
      { path: "^src/|node_modules/", pathNot: "^src/cli/" },
    ),
    forbid(
      "core-is-pure",
      "What decides, defines, joins or runs takes values and ports; it touches no machine.",
      { path: "^src/(core|define|topology|runtime)/" },
      { dependencyTypes: ["core"] },
    ),
    forbid(
      "stages-are-strangers",
      "A stage knows the model and the contract; only core.ts knows all stages.",
      { path: `^src/core/${anyOf(stages)}/` },
      { path: "^src/core/", pathNot: ["^src/core/$1/", "^src/core/(model/|processor\\.ts$)"] },
    ),
    forbid(
      "model-is-the-ground",
      "The model and the contract stand on nothing else of core.",
      { path: "^src/core/(model/|processor\\.ts$)" },
      { path: "^src/core/", pathNot: "^src/core/(model/|processor\\.ts$)" },
    ),
    forbid(
      "templates-in-act",
      "Only the action stage renders templates.",
      { path: "^src/core/", pathNot: "^src/core/act/" },
      { path: "node_modules/mustache/" },
    ),
    forbid(
      "hashes-in-id",
      "Ids are derived in one file.",
      { path: "^src/core/", pathNot: "^src/core/model/id\\.ts$" },
      { path: "node_modules/@noble/hashes/" },
    ),
    forbid(
      "edges-are-strangers",
      "An edge never imports another; cli/assemble.ts joins them.",
      { path: "^src/edges/([^/]+)/" },
      { path: "^src/edges/", pathNot: "^src/edges/$1/" },
    ),
    forbid(
      "edges-without-client",
      "This edge has no client of its own; if it needs one, name it in `clients`.",
      { path: "^src/edges/", pathNot: `^src/edges/${anyOf(Object.keys(clients))}/` },
      { path: "node_modules/" },
    ),
    forbid(
      "ports-only",
      "Who asks from outside speaks to ports, never to the running parts.",
      { path: "^src/(gateway|sdk)/" },
      { path: "^src/runtime/", pathNot: "^src/runtime/ports\\.ts$" },
    ),
    forbid(
      "web-stands-alone",
      "The page is served, not imported.",
      { path: "^src/", pathNot: "^src/web/" },
      { path: "^src/web/" },
    ),
    forbid("no-circles", "A circle has no ground to start reading from.", {}, { circular: true }),
    forbid("no-inner-barrels", "Barrels tie files into circles.", { path: "/index\\.[cm]?[jt]s$" }, {}),
    forbid(
      "no-tests-in-src",
      "What ships stands on what ships.",
      { path: "^src/" },
      { path: "^(test|scripts)/" },
    ),
    forbid("no-unresolvable", "It is not there.", {}, { couldNotResolve: true }),
    forbid(
      "no-orphans",
      "Imports nothing and is imported by nothing.",
      { orphan: true, path: "^src/", pathNot: "^src/(main\\.ts$|web/)" },
      {},
    ),
  ],
  options: {
    parser: "swc", // reads the text as written, so that type-only imports count
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".mjs", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["node", "import", "require", "default", "types"],
    },
  },
};
