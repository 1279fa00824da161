/** The filters that Prefect adds: links to its pages, and the run that a text names. */
import { textOf } from "../text.ts";
import { type Filter, Model, TemplateError } from "../values.ts";

/** No name that a template can write: where Prefect's pages are; null where nobody said. */
const PAGES = "(ui)";

const uiUrl: Filter = (value, _args, budget, run) => {
  const pages = run.lookup(PAGES);
  const path = value instanceof Model ? value.page() : null;
  return typeof pages !== "string" || path === null ? null : `${textOf(pages, budget)}/${path}`;
};

/** Joined as Python's `urljoin` joins: in the place of what stands after the last slash. */
const eventsUrl: Filter = (value, _args, _budget, run) => {
  const pages = run.lookup(PAGES);
  const id = value instanceof Model ? value.resourceId() : null;
  if (id === null) return null;
  const front = typeof pages === "string" ? pages.replace(/(?<=[^/:]\/)[^/]*$/, "") : "";
  return `${front}events?resource=${id}`;
};

const RUN = /flow-run\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/;

const flowRunId: Filter = (value) => {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value !== "string") throw new TemplateError("flow_run_id wants a text");
  return RUN.exec(value)?.[1] ?? null;
};

export const URL_FILTERS: readonly (readonly [string, Filter])[] = [
  ["flow_run_id", flowRunId],
  ["ui_resource_events_url", eventsUrl],
  ["ui_url", uiUrl],
];
