/** Define: what people write (prefect.yaml, trigger files, JSON, REST bodies) → automations and deployments, or every fault with its place. */
export { type Applied, applyBody, parseApply } from "./apply.ts";
export {
  parseAutomation,
  readStored,
  type StoredAutomation,
  storeAutomation,
} from "./automation-reader.ts";
export { automationToJson } from "./automation-writer.ts";
export { deploymentId, triggerToAutomation } from "./deployment-reader.ts";
export { automationsFile, type Definitions, variablesText } from "./files.ts";
export {
  type PrefectFileOptions,
  prefectFile,
  prefectFileWarnings,
  triggerArgument,
} from "./prefect-file.ts";
export { triggerWarnings } from "./warnings.ts";
