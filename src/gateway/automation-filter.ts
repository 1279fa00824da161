/** `POST /automations/filter` and `/count`: which automations, in which order, which page (triggers-spec 6.1). */
import type { Automation } from "../core/model/automation.ts";
import type { Fault } from "../core/model/fault.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../core/model/json.ts";
import { parseInstant } from "../core/model/time.ts";
import { detail, invalid } from "./refusal.ts";

type Test = (automation: Automation) => boolean;
type Sort = (a: Automation, b: Automation) => number;

export interface AutomationQuery {
  readonly test: Test;
  readonly sort: Sort;
  readonly limit: number;
  readonly offset: number;
}

const LIMIT_MAX = 200;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const sorts: Readonly<Record<string, Sort>> = {
  NAME_ASC: (a, b) => byText(a.name, b.name),
  NAME_DESC: (a, b) => byText(b.name, a.name),
  CREATED_DESC: (a, b) => b.created - a.created,
  UPDATED_DESC: (a, b) => b.updated - a.updated,
};

/** Reads the body, null where none was sent; throws a refusal that tells every fault. */
export function readAutomationQuery(body: Json): AutomationQuery {
  const reader = new QueryReader();
  const { faults } = reader;
  const fields = reader.object(body, [], ["sort", "limit", "offset", "automations"]);
  const sortName = fields["sort"] ?? "NAME_ASC";
  const sort = typeof sortName === "string" && Object.hasOwn(sorts, sortName) ? sorts[sortName] : undefined;
  if (sort === undefined) {
    faults.push({
      at: ["sort"],
      type: "enum",
      message: `Input should be one of ${Object.keys(sorts).join(", ")}`,
      input: sortName,
    });
  }
  const limit = reader.whole(fields["limit"] ?? LIMIT_MAX, ["limit"]);
  const offset = reader.whole(fields["offset"] ?? 0, ["offset"]);
  const test = readFilter(reader, fields["automations"] ?? null);
  if (faults.length > 0 || sort === undefined) throw invalid("body", faults, body);
  if (limit > LIMIT_MAX) throw detail(422, `Invalid limit: must be less than or equal to ${LIMIT_MAX}.`);
  return { test, sort, limit, offset };
}

function readFilter(reader: QueryReader, filter: Json): Test {
  const at = ["automations"];
  const fields = reader.object(filter, at, ["operator", "name", "tags", "created", "id"]);
  const operator = fields["operator"] ?? "and_";
  if (operator !== "and_" && operator !== "or_") {
    reader.faults.push({
      at: [...at, "operator"],
      type: "enum",
      message: "Input should be 'and_' or 'or_'",
      input: operator,
    });
  }
  const name = reader.object(fields["name"], [...at, "name"], ["any_"]);
  const id = reader.object(fields["id"], [...at, "id"], ["any_"]);
  const created = reader.object(fields["created"], [...at, "created"], ["before_"]);
  const tests = [
    ...listTest(
      reader.texts(name["any_"], [...at, "name", "any_"]),
      (names) => (one) => names.includes(one.name),
    ),
    ...listTest(reader.texts(id["any_"], [...at, "id", "any_"]), (ids) => (one) => ids.includes(one.id)),
    ...readTags(reader, fields["tags"], [...at, "tags"]),
    ...readBefore(reader, created["before_"], [...at, "created", "before_"]),
  ];
  if (tests.length === 0) return () => true;
  return operator === "or_"
    ? (one) => tests.some((test) => test(one))
    : (one) => tests.every((test) => test(one));
}

const listTest = (texts: readonly string[] | null, test: (texts: readonly string[]) => Test): Test[] =>
  texts === null ? [] : [test(texts)];

function readTags(reader: QueryReader, value: Json | undefined, at: Fault["at"]): Test[] {
  const fields = reader.object(value, at, ["operator", "all_", "any_", "is_null_"]);
  const isNull = fields["is_null_"] ?? null;
  return [
    ...listTest(
      reader.texts(fields["all_"], [...at, "all_"]),
      (tags) => (one) => tags.every((tag) => one.tags.includes(tag)),
    ),
    ...listTest(
      reader.texts(fields["any_"], [...at, "any_"]),
      (tags) => (one) => tags.some((tag) => one.tags.includes(tag)),
    ),
    ...(isNull === null ? [] : [(one: Automation) => (one.tags.length === 0) === (isNull === true)]),
  ];
}

function readBefore(reader: QueryReader, value: Json | undefined, at: Fault["at"]): Test[] {
  if (value === undefined || value === null) return [];
  const before = typeof value === "string" ? parseInstant(value) : null;
  if (before === null) {
    reader.faults.push({
      at,
      type: "datetime_parsing",
      message: "Input should be a valid datetime",
      input: value,
    });
    return [];
  }
  return [(one) => one.created <= before];
}

/** Reads parts of the query and remembers what was wrong. Null is as good as absent everywhere. */
class QueryReader {
  readonly faults: Fault[] = [];

  object(value: Json | undefined, at: Fault["at"], names: readonly string[]): JsonObject {
    if (value === undefined || value === null) return {};
    if (!isJsonObject(value)) {
      this.faults.push({
        at,
        type: "dict_type",
        message: "Input should be a valid dictionary",
        input: value,
      });
      return {};
    }
    for (const name of Object.keys(value)) {
      if (names.includes(name)) continue;
      this.faults.push({
        at: [...at, name],
        type: "extra_forbidden",
        message: "Extra inputs are not permitted",
        input: value[name],
      });
    }
    return value;
  }

  whole(value: Json, at: Fault["at"]): number {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    this.faults.push({
      at,
      type: "value_error",
      message: "Input should be a whole number of at least 0",
      input: value,
    });
    return 0;
  }

  texts(value: Json | undefined, at: Fault["at"]): readonly string[] | null {
    if (value === undefined || value === null) return null;
    const list: readonly Json[] = isJsonList(value) ? value : [value];
    const texts = list.filter((text) => typeof text === "string");
    if (isJsonList(value) && texts.length === list.length) return texts;
    this.faults.push({
      at,
      type: "list_type",
      message: "Input should be a valid list of strings",
      input: value,
    });
    return null;
  }
}
