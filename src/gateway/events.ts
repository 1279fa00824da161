/** `POST /api/events`: events come in, one or many, all of them or none. */
import type { Hono } from "hono";
import type { Event } from "../core/model/event.ts";
import { DEFAULT_LIMITS, eventToJson, readEvent } from "../core/model/event-reader.ts";
import type { Fault } from "../core/model/fault.ts";
import { isJsonList, isJsonObject, type Json } from "../core/model/json.ts";
import { type Body, readBody } from "./body.ts";
import type { GatewayPorts, Limits } from "./ports.ts";
import { FAULTS_MAX, invalid } from "./refusal.ts";

export function addEvents(app: Hono, ports: GatewayPorts, limits: Limits): void {
  app.post("/events", async (c) => {
    const body = await readBody(c, limits);
    await ports.publishEvents(readEvents(body, ports, limits));
    return c.body(null, 204);
  });
  // Prefect sends clients that write the slash to the path without it.
  app.post("/events/", (c) => c.redirect(`/api/events${new URL(c.req.url).search}`, 307));
}

/** Every event of the body, or a refusal that tells every fault of every event, up to what a reader can bear. */
function readEvents({ json, bytes }: Body, ports: GatewayPorts, limits: Limits): readonly Event[] {
  const context = { received: ports.now(), id: () => ports.newId(), limits: DEFAULT_LIMITS };
  const canBeTooLong = bytes * GROWTH_MAX + FILLED_IN_BYTES > limits.eventBytesMax;
  const events: Event[] = [];
  const faults: Fault[] = [];
  const take = (one: Json, at: Fault["at"]): void => {
    const read = readEvent(one, context);
    const found = read.ok ? sizeFaults(read.value, canBeTooLong ? limits.eventBytesMax : null) : read.faults;
    for (const fault of found) faults.push({ ...fault, at: [...at, ...fault.at] });
    if (read.ok) events.push(read.value);
  };
  if (isJsonList(json)) {
    for (let i = 0; i < json.length && faults.length <= FAULTS_MAX; i++) take(json[i] ?? null, [i]);
  } else if (isJsonObject(json)) take(json, []);
  else faults.push({ at: [], type: "list_type", message: "Input should be a valid list", input: json });
  if (faults.length > 0) throw invalid("body", faults, json);
  return events;
}

/** JSON can grow by being read and written again: 1e20 becomes twenty-one digits. */
const GROWTH_MAX = 6;
/** The fields that are filled in where the sender left them out. */
const FILLED_IN_BYTES = 300;

function sizeFaults(event: Event, bytesMax: number | null): Fault[] {
  if (bytesMax === null) return [];
  const bytes = Buffer.byteLength(JSON.stringify(eventToJson(event)));
  if (bytes <= bytesMax) return [];
  const message = `Value error, An event may have at most ${bytesMax} bytes, this one has ${bytes}`;
  return [{ at: [], type: "value_error", message }];
}
