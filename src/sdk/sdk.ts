/** What a program imports: `import { createClient } from "tripline"`. */
export {
  type AppliedDeployment,
  type AutomationView,
  type Client,
  ClientError,
  type ClientOptions,
  createClient,
  type NewEvent,
  type PendingRuns,
  type PendingRunView,
} from "./client.ts";
