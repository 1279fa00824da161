/** Triggers as people and programs write them → triggers (triggers-spec 2.2–2.4). */
import { isUuid } from "../core/model/id.ts";
import { isJsonList, isJsonObject, type Json } from "../core/model/json.ts";
import { type Duration, seconds } from "../core/model/time.ts";
import type {
  CompositeTrigger,
  EventTrigger,
  MetricTrigger,
  Posture,
  ResourceSpec,
  Trigger,
} from "../core/model/trigger.ts";
import {
  type Faults,
  type Fields,
  fieldsOf,
  listOf,
  oneOf,
  orNull,
  type Place,
  type Read,
  readFlag,
  readInteger,
  readNumber,
  readObject,
  readSpan,
  readText,
  readTextSet,
} from "./reader.ts";

/** How a trigger is written. */
export interface Writing {
  /**
   * `api`: as Prefect's server takes it: nothing is guessed that changes what is meant, and places name the variant.
   * `file`: as prefect.yaml and Prefect's client take it, with their defaults.
   */
  readonly dialect: "api" | "file";
  /** The id of the trigger at this place in the tree: the numbers of the children down to it. */
  readonly idOf: (path: readonly number[]) => string;
  /** Whether an id that a trigger brings is its own. */
  readonly fixedIds: boolean;
}

const KINDS = ["event", "metric", "compound", "sequence"] as const;
type Kind = (typeof KINDS)[number];

const VARIANTS: Readonly<Record<Kind, string>> = {
  event: "EventTrigger",
  metric: "MetricTrigger",
  compound: "CompoundTrigger",
  sequence: "SequenceTrigger",
};

/** Deeper trees are nobody's intention. */
const NESTING_MAX = 30;

export function readTrigger(writing: Writing, path: readonly number[] = []): Read<Trigger> {
  return (value, at, faults) => {
    const outside = fieldsOf(value, at, faults);
    const kind = outside === null ? null : kindOf(outside, faults);
    if (kind === null || !isJsonObject(value)) return NOTHING;
    if (path.length > NESTING_MAX) {
      faults.rule(at, `triggers may be nested at most ${NESTING_MAX} levels deep`);
      return NOTHING;
    }
    const place = writing.dialect === "api" ? [...at, VARIANTS[kind]] : at;
    const fields = fieldsOf(value, place, faults) ?? outside;
    return fields === null ? NOTHING : READERS[kind]({ fields, writing, path, faults });
  };
}

/** What stands where no trigger could be read. */
const NOTHING: Trigger = { kind: "sequence", id: "", triggers: [], within: null, correlate: false };

interface Reading {
  readonly fields: Fields;
  readonly writing: Writing;
  readonly path: readonly number[];
  readonly faults: Faults;
}

const READERS: Readonly<Record<Kind, (reading: Reading) => Trigger>> = {
  event: readEventTrigger,
  metric: readMetricTrigger,
  compound: (reading) => {
    const composite = readComposite(reading);
    const require = readRequire(reading, composite.triggers.length);
    return { kind: "compound", ...composite, require };
  },
  sequence: (reading) => ({ kind: "sequence", ...readComposite(reading) }),
};

/** Named by `type`, or told by its fields. */
function kindOf(fields: Fields, faults: Faults): Kind | null {
  const type = fields.value("type");
  if (type === undefined) {
    if (fields.value("triggers") !== undefined) {
      return fields.value("require") === undefined ? "sequence" : "compound";
    }
    return fields.value("posture") === "Metric" ? "metric" : "event";
  }
  const kind = KINDS.find((one) => one === type);
  if (kind !== undefined) return kind;
  const expected = KINDS.map((one) => `'${one}'`).join(", ");
  const found = typeof type === "string" ? type : JSON.stringify(type);
  const message = `Input tag '${found}' found using trigger_discriminator() does not match any of the expected tags: ${expected}`;
  faults.add(fields.place("type"), "union_tag_invalid", message, type);
  return null;
}

function idOf({ fields, writing, path }: Reading): string {
  const id = fields.value("id");
  return writing.fixedIds && typeof id === "string" && isUuid(id) ? id.toLowerCase() : writing.idOf(path);
}

function readEventTrigger(reading: Reading): EventTrigger {
  const { fields } = reading;
  const posture = readPosture(reading);
  return {
    kind: "event",
    id: idOf(reading),
    match: fields.optional("match", readSpec, {}),
    matchRelated: fields.optional("match_related", readSpecs, {}),
    after: fields.optional("after", readTextSet, []),
    expect: fields.optional("expect", readTextSet, []),
    forEach: fields.optional("for_each", readTextSet, []),
    posture,
    threshold: fields.optional("threshold", readInteger, 1),
    within: readWithin(reading, posture),
  };
}

const postureWord = oneOf<Posture>(["Reactive", "Proactive"], ["Posture.Reactive", "Posture.Proactive"]);

const readPosture = ({ fields, writing }: Reading): Posture =>
  writing.dialect === "api"
    ? fields.required("posture", postureWord, "Reactive")
    : fields.optional("posture", postureWord, "Reactive");

const PROACTIVE_MIN = seconds(10);

/** Absence wants 10 s at least, and gets them where nothing is said. */
function readWithin({ fields, faults }: Reading, posture: Posture): Duration {
  const given = fields.value("within");
  const at = fields.place("within");
  if (given === null) {
    faults.rule(at, "`within` should be a valid timedelta", given);
    return PROACTIVE_MIN;
  }
  const isProactive = posture === "Proactive";
  if (isProactive && given === "") return PROACTIVE_MIN;
  const within = fields.optional("within", readSpan, seconds(0));
  if (within < 0) {
    faults.add(at, "greater_than_equal", "Input should be greater than or equal to 0 seconds", given);
  } else if (isProactive && within === 0) return PROACTIVE_MIN;
  else if (isProactive && within < PROACTIVE_MIN) {
    faults.rule(at, "`within` for Proactive triggers must be greater than or equal to 10 seconds", given);
  }
  return within;
}

/** Label → pattern or patterns, kept as written. */
const readSpec: Read<ResourceSpec> = (value, at, faults) =>
  Object.fromEntries(
    Object.entries(readObject(value, at, faults)).map(([label, patterns]) => {
      const place = [...at, label];
      return [
        label,
        isJsonList(patterns) ? listOf(readText)(patterns, place, faults) : readText(patterns, place, faults),
      ];
    }),
  );

const readSpecs: Read<ResourceSpec | readonly ResourceSpec[]> = (value, at, faults) =>
  isJsonList(value) ? listOf(readSpec)(value, at, faults) : readSpec(value, at, faults);

function readMetricTrigger(reading: Reading): MetricTrigger {
  const { fields } = reading;
  fields.optional("posture", oneOf(["Metric"], ["Posture.Metric"]), "Metric");
  return {
    kind: "metric",
    id: idOf(reading),
    match: fields.optional("match", readSpec, {}),
    matchRelated: fields.optional("match_related", readSpecs, {}),
    metric: fields.required("metric", readMetric, METRIC),
  };
}

const FIVE_MINUTES = seconds(300);
const METRIC: MetricTrigger["metric"] = {
  name: "successes",
  operator: "<",
  threshold: 0,
  range: FIVE_MINUTES,
  firingFor: FIVE_MINUTES,
};

const readMetric: Read<MetricTrigger["metric"]> = (value, at, faults) => {
  const fields = fieldsOf(value, at, faults);
  if (fields === null) return METRIC;
  return {
    name: fields.required("name", oneOf(["lateness", "duration", "successes"]), METRIC.name),
    operator: fields.required("operator", oneOf(["<", "<=", ">", ">="]), METRIC.operator),
    threshold: fields.required("threshold", readNumber, 0),
    range: fields.optional("range", fiveMinutesAtLeast, FIVE_MINUTES),
    firingFor: fields.optional("firing_for", fiveMinutesAtLeast, FIVE_MINUTES),
  };
};

const fiveMinutesAtLeast: Read<Duration> = (value, at, faults) => {
  const before = faults.count;
  const span = readSpan(value, at, faults);
  if (faults.count === before && span < FIVE_MINUTES) {
    faults.rule(at, "The minimum range is 300 seconds (5 minutes)", value);
  }
  return span;
};

function readComposite(reading: Reading): Pick<CompositeTrigger, "id" | "triggers" | "within" | "correlate"> {
  const { fields, writing, path, faults } = reading;
  const children: Read<readonly Trigger[]> = (value, at) => readChildren(value, at, reading);
  const within = orNull(readSpan);
  const composite = {
    id: idOf(reading),
    triggers: fields.required("triggers", children, []),
    within:
      writing.dialect === "api"
        ? fields.required("within", within, null)
        : fields.optional("within", within, null),
    correlate: fields.optional("correlate", readFlag, false),
  };
  if (composite.correlate && !shareLabels(composite.triggers)) {
    const message = "to be correlated, all children must be event triggers with the same for_each";
    faults.rule(fields.place("correlate"), message, path.length);
  }
  return composite;
}

const readChildren = (value: Json, at: Place, { writing, path, faults }: Reading): readonly Trigger[] => {
  if (!isJsonList(value)) {
    faults.add(at, "list_type", "Input should be a valid list", value);
    return [];
  }
  return value.map((child, i) => readTrigger(writing, [...path, i])(child, [...at, i], faults));
};

/** Slots kept per key of the children need keys that are alike (semantics.md, section 4). */
function shareLabels(triggers: readonly Trigger[]): boolean {
  const keys = triggers.map(keyLabels);
  return keys.every((key) => key !== null && key === keys[0]);
}

function keyLabels(trigger: Trigger): string | null {
  switch (trigger.kind) {
    case "event":
      return JSON.stringify(trigger.forEach.toSorted());
    case "compound":
    case "sequence":
      return trigger.correlate && trigger.triggers[0] !== undefined ? keyLabels(trigger.triggers[0]) : null;
    case "metric":
      return null;
  }
}

function readRequire({ fields, faults }: Reading, children: number): number | "any" | "all" {
  const read: Read<number | "any" | "all"> = (value, at) => {
    if (value === "any" || value === "all") return value;
    if (typeof value === "string" && !/^\s*[+-]?\d+\s*$/.test(value)) {
      faults.add(at, "literal_error", "Input should be a valid integer, 'any' or 'all'", value);
      return "all";
    }
    const before = faults.count;
    const count = readInteger(value, at, faults);
    if (faults.count > before) return "all";
    if (count < 1) faults.rule(at, "require must be at least 1", value);
    else if (count > children) {
      faults.rule(at, "require must be less than or equal to the number of triggers", value);
    }
    return count;
  };
  return fields.required("require", read, "all");
}
