/** The client of the API that the settings name. */
import { type Client, createClient } from "../../sdk/sdk.ts";
import type { Settings } from "../settings.ts";

export const clientOf = ({ apiUrl, apiUrlFrom, apiAuth }: Settings): Client =>
  createClient({ url: apiUrl, urlFrom: apiUrlFrom, auth: apiAuth });
