/** Reads what Prefect's own renderer answered (judged/answers.json) and asks ours the same. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Budget, compileText, type Names, TemplateError } from "../../../src/core/act/jinja/jinja.ts";
import { namesOf } from "../../../src/core/act/scope.ts";
import { checkTemplate, renderTemplate } from "../../../src/core/act/template.ts";
import type { Event } from "../../../src/core/model/event.ts";
import { DEFAULT_LIMITS, readEvent } from "../../../src/core/model/event-reader.ts";
import { canonicalJson, type Json, type JsonObject } from "../../../src/core/model/json.ts";
import type { Labels } from "../../../src/core/model/labels.ts";
import { seconds } from "../../../src/core/model/time.ts";
import { at, automation, firing, value } from "./builders.ts";

/** What a template gives, or that it is refused when it is defined, or fails when it is rendered. */
export type Answer = { readonly gives: Json } | { readonly refused: string } | { readonly fails: string };

export interface Judged {
  readonly about: string;
  /** As text in any case, or as a parameter, where one expression gives its value. */
  readonly as: "text" | "value";
  readonly in: "full" | "absence";
  readonly template: string;
  readonly answer: Answer;
}

type SentEvent = JsonObject & { readonly received: string };

interface Context {
  readonly event: SentEvent | null;
  readonly automation: Readonly<Record<"id" | "name" | "description" | "created" | "updated", string>>;
  readonly firing: Readonly<Record<"id" | "trigger" | "triggered", string>>;
  readonly labels: Labels;
  readonly variables: JsonObject;
  readonly given: JsonObject;
}

interface File {
  readonly contexts: Readonly<Record<string, Context>>;
  readonly cases: readonly (Omit<Judged, "answer"> & {
    readonly gives?: Json;
    readonly refused?: string;
    readonly fails?: string;
  })[];
}

const file: File = JSON.parse(readFileSync(join(import.meta.dirname, "judged/answers.json"), "utf8"));

export const judged: readonly Judged[] = file.cases.map(({ gives, refused, fails, ...rest }) => ({
  ...rest,
  answer: refused !== undefined ? { refused } : fails !== undefined ? { fails } : { gives: gives ?? null },
}));

const UI_URL = "https://prefect.example/ui";

function eventOf({ received, ...rest }: SentEvent): Event {
  return value(readEvent(rest, { received: at(received), id: () => "", limits: DEFAULT_LIMITS }));
}

function namesIn(context: Context): Names {
  const { id, name, description, created, updated } = context.automation;
  const triggerId = context.firing.trigger;
  const triggered = at(context.firing.triggered);
  const event = context.event === null ? null : eventOf(context.event);
  const names = namesOf({
    automation: automation({
      id,
      name,
      description,
      tags: ["x"],
      created: at(created),
      updated: at(updated),
      trigger: {
        kind: "event",
        id: triggerId,
        match: { "prefect.resource.id": "order.*" },
        matchRelated: {},
        after: [],
        expect: ["order.placed"],
        forEach: ["prefect.resource.id"],
        posture: "Reactive",
        threshold: 3,
        within: seconds(60),
      },
    }),
    event,
    firing: firing({ id: context.firing.id, triggerId, event, labels: context.labels, triggered }),
    variables: context.variables,
    uiUrl: UI_URL,
  });
  return (asked) => (Object.hasOwn(context.given, asked) ? context.given[asked] : names(asked));
}

const names = new Map(Object.entries(file.contexts).map(([name, context]) => [name, namesIn(context)]));

/** What ours makes of a case. */
export function ours({ as, template, in: context }: Judged): Answer {
  const known = names.get(context) ?? (() => undefined);
  const fault = checkTemplate(template, as === "value" ? "any" : "text");
  if (fault !== null) return { refused: fault.message };
  try {
    const isPlain = !template.includes("{{") && !template.includes("{%");
    if (isPlain) return { gives: template };
    if (as === "value") return { gives: renderTemplate(template, known, new Budget()) };
    return { gives: compileText(template)(known, new Budget()) };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { fails: error.message };
  }
}

/** Whether ours answers as Prefect does. What is wrong need not be said in the same words, nor as early. */
export function isSame(theirs: Answer, mine: Answer): boolean {
  if ("gives" in theirs) return "gives" in mine && canonicalJson(theirs.gives) === canonicalJson(mine.gives);
  return !("gives" in mine);
}
