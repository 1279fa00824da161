/** How firings and explanations are told: rows of a table for people, one JSON object a line for programs. */
import type { Automation } from "../../../core/model/automation.ts";
import { resourceId } from "../../../core/model/event.ts";
import type { Firing } from "../../../core/model/firing.ts";
import type { JsonObject } from "../../../core/model/json.ts";
import { formatInstant } from "../../../core/model/time.ts";
import { type Explained, type Fired, firingJson } from "../../../runtime/replay/replay.ts";
import { printable, short, table } from "../../out.ts";

const HEADING = ["WHEN", "AUTOMATION", "TRIGGER", "LABELS", "EVENT", "RUN", "DUE", "PARAMETERS"];

/** A row an action; what they share stands in the first. */
export function firingRows(
  { firing, automation }: Fired,
  actions: readonly JsonObject[],
): readonly (readonly string[])[] {
  const [first = ["", "", ""], ...others] = actions.map(actionCells);
  const head = [
    formatInstant(firing.triggered),
    short(automation.name, 40),
    triggerWord(automation, firing),
    short(labelsText(firing), 40),
    short(eventText(firing), 50),
  ];
  return [[...head, ...first], ...others.map((cells) => [...head.map(() => ""), ...cells])];
}

function triggerWord({ trigger }: Automation, { state }: Firing): string {
  const word = trigger.kind === "event" ? trigger.posture.toLowerCase() : trigger.kind;
  return state === "Resolved" ? `${word}, resolved` : word;
}

const labelsText = ({ labels }: Firing): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");

const eventText = ({ event }: Firing): string =>
  event === null ? "(none)" : `${event.event} of ${resourceId(event)}`;

/** Which run, when it is due, and with which parameters; or why there is none. */
function actionCells(action: JsonObject): readonly string[] {
  const text = (name: string): string => {
    const value = action[name];
    return typeof value === "string" ? value : "";
  };
  if (action["outcome"] === "failed") return [`failed: ${short(text("reason"), 80)}`, "", ""];
  if (action["scheduled_time"] === undefined) {
    return [text("type") + (action["performed"] === false ? " (not done by Tripline)" : ""), "", ""];
  }
  const name = text("deployment_name") || text("deployment_id");
  return [name, text("scheduled_time"), short(JSON.stringify(action["parameters"]), 60)];
}

/** The whole of a firing, for programs. */
export const firedJson = ({ firing, automation }: Fired, actions: readonly JsonObject[]): JsonObject => ({
  automation: automation.name,
  trigger_kind: triggerWord(automation, { ...firing, state: "Triggered" }),
  event: firing.event?.event ?? null,
  resource_id: firing.event === null ? null : resourceId(firing.event),
  ...firingJson(firing),
  actions,
});

export const explainedJson = ({ at, takenAt, key, event, text }: Explained): JsonObject => ({
  at: formatInstant(at),
  taken_at: formatInstant(takenAt),
  key,
  event_id: event?.id ?? null,
  event: event?.event ?? null,
  says: text,
});

/** The widths of the columns are those of the first rows; what comes later keeps to them as far as it can. */
const ROWS_FOR_WIDTHS = 500;

/** A table that need not be held whole: printed a part at a time, the heading once. */
export class RunningTable {
  readonly #print: (text: string) => void;
  #rows: (readonly string[])[] = [];
  #widths: readonly number[] | null = null;

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  add(rows: readonly (readonly string[])[]): void {
    this.#rows.push(...rows.map((row) => row.map(printable)));
    if (this.#rows.length >= ROWS_FOR_WIDTHS) this.flush();
  }

  flush(): void {
    if (this.#rows.length === 0) return;
    const isFirst = this.#widths === null;
    this.#widths ??= HEADING.map((name, i) =>
      Math.max(name.length, ...this.#rows.map((row) => Array.from(row[i] ?? "").length)),
    );
    const widths = this.#widths;
    const padded = this.#rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)));
    const text = table(HEADING, padded);
    this.#print(isFirst ? text : text.slice(text.indexOf("\n") + 1));
    this.#rows = [];
  }
}

/** Explanations as lines, the date said once a day, and the event and key where they are another than before. */
export class ExplanationText {
  #day = "";

  lines({ at, takenAt, key, event, text }: Explained): readonly string[] {
    const when = formatInstant(at);
    const day = when.slice(0, 10);
    const lines = day === this.#day ? [] : [day];
    this.#day = day;
    const taken = takenAt === at || event === null ? "" : `, taken ${timeOn(day, formatInstant(takenAt))}`;
    const what = event === null ? "" : `  ${event.event} of ${resourceId(event)}${taken}`;
    const whose = key.length === 0 ? "" : `  ${JSON.stringify(key)}`;
    return [...lines, printable(`${when.slice(11, -1)}  ${text}${whose}${what}`)];
  }
}

const timeOn = (day: string, when: string): string => (when.startsWith(day) ? when.slice(11, -1) : when);
