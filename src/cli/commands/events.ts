/** `tripline events send`: one event, by hand. */
import { isJsonObject, type Json } from "../../core/model/json.ts";
import { createClient } from "../../sdk/sdk.ts";
import type { Out } from "../out.ts";
import type { Settings } from "../settings.ts";

export interface EventsSendOptions {
  readonly event: string;
  readonly resource: string;
  /** JSON text. */
  readonly payload?: string;
}

export async function sendEvent(settings: Settings, out: Out, options: EventsSendOptions): Promise<void> {
  const payload = options.payload === undefined ? {} : parsed(options.payload);
  if (!isJsonObject(payload)) {
    out.fail(`--payload: expected a JSON object, as in '{"name": "value"}'`, 2);
    return;
  }
  const client = createClient({ url: settings.apiUrl, auth: settings.apiAuth });
  await client.sendEvents([
    { event: options.event, resource: { "prefect.resource.id": options.resource }, payload },
  ]);
  out.print(`Sent ${options.event} of ${options.resource}.`);
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
