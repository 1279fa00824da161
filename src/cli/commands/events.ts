/** `tripline events send`: one event, by hand. */
import { type Fault, formatFault } from "../../core/model/fault.ts";
import { isJsonObject, type Json } from "../../core/model/json.ts";
import { ClientError } from "../../sdk/sdk.ts";
import { jsonText, type Out } from "../out.ts";
import type { Settings } from "../settings.ts";
import { clientOf } from "./client.ts";

export interface EventsSendOptions {
  readonly event: string;
  readonly resource: string;
  /** JSON text. */
  readonly payload?: string;
  readonly json?: boolean;
}

export async function sendEvent(settings: Settings, out: Out, options: EventsSendOptions): Promise<void> {
  const payload = options.payload === undefined ? {} : parsed(options.payload);
  if (!isJsonObject(payload)) {
    out.fail(`--payload: expected a JSON object, as in '{"name": "value"}'`, 2);
    return;
  }
  const event = { event: options.event, resource: { "prefect.resource.id": options.resource }, payload };
  try {
    await clientOf(settings).sendEvents([event]);
  } catch (error) {
    if (!(error instanceof ClientError) || error.faults.length === 0) throw error;
    out.fail(["The server refused this:", ...error.faults.map(ofOne)].join("\n  "));
    return;
  }
  out.print(options.json === true ? jsonText(event) : `Sent ${options.event} of ${options.resource}.`);
}

/** There is one event only, so its number says nothing. */
const ofOne = ({ at, message, ...fault }: Fault): string =>
  formatFault({
    ...fault,
    at: at[0] === 0 ? at.slice(1) : at,
    message: message.replace(/^Value error, /, ""),
  });

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
