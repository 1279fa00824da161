/** Reads `*.story.yaml`: every fault at once, with its file and line; what is not understood is a fault. */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";
import { DEFAULT_LIMITS, readEvent } from "../../src/core/model/event-reader.ts";
import { deriveId } from "../../src/core/model/id.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/core/model/json.ts";
import { formatInstant, type Instant } from "../../src/core/model/time.ts";
import { type Body, type Expected, type Story, type ToldLine, textOf } from "./story.ts";
import { readBody } from "./story-automation.ts";
import { readThen, readTold, type Words } from "./story-lines.ts";

export class StoryFaults extends Error {}

const KEYS = ["story", "rule", "start", "automation", "automations", "told", "then"];
const EVENT_KEYS = ["id", "follows", "payload", "labels", "related"];
/** The name of the only automation of a story. */
const ONLY = "automation";

export function readStory(text: string, file: string): Story {
  const reader = new StoryReader(text, file);
  return reader.read();
}

class StoryReader {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #root: YAMLMap;
  readonly #faults: string[] = [];

  constructor(text: string, file: string) {
    this.#file = file;
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    for (const { message, pos } of document.errors) this.#fault(this.#lines.linePos(pos[0]).line, message);
    const root: unknown = document.contents;
    if (!isMap(root)) {
      this.#fault(1, "a story is a mapping");
      throw this.#end();
    }
    this.#root = root;
  }

  read(): Story {
    for (const { key } of this.#root.items) {
      const name = isScalar(key) ? String(key.value) : "?";
      if (!KEYS.includes(name)) {
        const expected = `'${name}' is not known here; known are ${KEYS.join(", ")}`;
        this.#fault(this.#lineOf(key), expected);
      }
    }
    const automations = this.#automations();
    const told = this.#items("told").flatMap((item, i) => this.#told(item, i, automations));
    const runs = this.#items("then").flatMap((item) => this.#then(item));
    this.#inOrder(told);
    this.#inOrder(runs);
    const first = told[0];
    if (first === undefined) this.#fault(1, "nothing is told");
    if (this.#faults.length > 0 || first === undefined) throw this.#end();
    return {
      file: this.#file,
      title: this.#text("story") ?? "",
      rule: this.#text("rule"),
      start: this.#start() ?? first.at,
      end: told.at(-1)?.at ?? first.at,
      automations,
      told,
      runs,
      runsLine: this.#lineOf(this.#root.get("then", true)),
    };
  }

  #automations(): readonly Body[] {
    const only = this.#root.get("automation", true);
    if (only !== undefined) return [this.#body(ONLY, only)];
    const several = this.#root.get("automations", true);
    if (!isMap(several))
      this.#fault(this.#lineOf(several), "there should be an automation, or automations by name");
    const items = isMap(several) ? several.items : [];
    return items.map(({ key, value }) => this.#body(isScalar(key) ? String(key.value) : "?", value));
  }

  #body(name: string, node: unknown): Body {
    return readBody(name, toJson(node), (message) => this.#fault(this.#lineOf(node), message));
  }

  #told(item: unknown, i: number, automations: readonly Body[]): readonly ToldLine[] {
    const line = this.#lineOf(item);
    const { text, more } = this.#line(item);
    const read = readTold(text);
    if (read === null) {
      this.#fault(
        line,
        `not understood: '${text}'; expected '09:00:00 RESOURCE EVENT', or silence, down, up, disable, enable, update, delete`,
      );
      return [];
    }
    const { at, words } = read;
    if (words.kind === "event") return [{ ...this.#event(words, { at, i, line, more }), at, line }];
    if (words.kind === "silence" || words.kind === "down" || words.kind === "up") {
      return [{ kind: words.kind, at, line }];
    }
    const name = words.name ?? automations[0]?.name ?? "";
    if (!automations.some((one) => one.name === name)) this.#fault(line, `no automation is called '${name}'`);
    if (words.kind !== "update") return [{ kind: words.kind, name, at, line }];
    const automation = readBody(name, more ?? null, (message) => this.#fault(line, message));
    return [{ kind: "update", automation, at, line }];
  }

  #event(
    { event, resource, sentAt }: Extract<Words, { kind: "event" }>,
    { at, i, line, more }: { at: Instant; i: number; line: number; more: Json | undefined },
  ) {
    const given = isJsonObject(more) ? more : {};
    for (const key of Object.keys(given)) {
      if (!EVENT_KEYS.includes(key))
        this.#fault(line, `'${key}' is not known here; known are ${EVENT_KEYS.join(", ")}`);
    }
    const body: JsonObject = {
      id: eventIdOf(given["id"] ?? `line ${i}`),
      event,
      occurred: formatInstant(sentAt ?? at),
      resource: { "prefect.resource.id": resource, ...objectOf(given["labels"]) },
      related: given["related"] ?? [],
      payload: objectOf(given["payload"]),
      ...(given["follows"] !== undefined && { follows: eventIdOf(given["follows"]) }),
    };
    const read = readEvent(body, { received: at, id: () => "", limits: DEFAULT_LIMITS });
    if (read.ok) return { kind: "event" as const, body, event: read.value };
    for (const { message } of read.faults) this.#fault(line, message);
    return { kind: "silence" as const };
  }

  #then(item: unknown): readonly Expected[] {
    const line = this.#lineOf(item);
    const { text, more } = this.#line(item);
    const words = readThen(text);
    if (words !== null) return [{ ...words, line, text, parameters: more }];
    this.#fault(
      line,
      `not understood: '${text}'; expected '09:01:30 run DEPLOYMENT for KEY (by EVENT at 09:00:30)'`,
    );
    return [];
  }

  /** A line as it stands, or a mapping of one: the line, and what more is to be said of it. */
  #line(item: unknown): { readonly text: string; readonly more: Json | undefined } {
    if (!isMap(item)) return { text: textOf(toJson(item)), more: undefined };
    const [pair, ...others] = item.items;
    if (others.length > 0) this.#fault(this.#lineOf(item), "one line says one thing");
    return { text: isScalar(pair?.key) ? String(pair.key.value) : "", more: toJson(pair?.value) };
  }

  #items(key: string): readonly unknown[] {
    const node = this.#root.get(key, true);
    if (isSeq(node)) return node.items;
    this.#fault(this.#lineOf(node), `'${key}' should be a list, with [] for nothing`);
    return [];
  }

  #inOrder(lines: readonly { readonly at: Instant; readonly line: number }[]): void {
    for (const [i, { at, line }] of lines.entries()) {
      if (at < (lines[i - 1]?.at ?? at)) this.#fault(line, "told before what was told before it");
    }
  }

  #start(): Instant | null {
    const text = this.#text("start");
    return text === null ? null : (readTold(`${text} silence`)?.at ?? null);
  }

  #text(key: string): string | null {
    const value = this.#root.get(key);
    return value === undefined || value === null ? null : textOf(toJson(this.#root.get(key, true)));
  }

  #lineOf(node: unknown): number {
    const range = isNode(node) ? node.range : null;
    return range === null || range === undefined ? 1 : this.#lines.linePos(range[0]).line;
  }

  #fault(line: number, message: string): void {
    this.#faults.push(`${this.#file}:${line}: ${message}`);
  }

  #end(): StoryFaults {
    return new StoryFaults(this.#faults.join("\n"));
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "range" in value;

function toJson(node: unknown): Json {
  if (isScalar(node) || isMap(node) || isSeq(node)) {
    const json: Json = JSON.parse(JSON.stringify(node));
    return json;
  }
  return null;
}

const objectOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

const eventIdOf = (name: Json): string => deriveId("story event", textOf(name));
