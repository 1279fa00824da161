/** What kafkajs throws, as the one error the runtime knows. */
import { LogError } from "../../runtime/ports.ts";

/** Errors that a new task meets again: a person has to change something first. */
const PERMANENT = new Set([
  "TOPIC_AUTHORIZATION_FAILED",
  "GROUP_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
  "SASL_AUTHENTICATION_FAILED",
  "UNSUPPORTED_SASL_MECHANISM",
  "UNSUPPORTED_VERSION",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TOPIC_EXCEPTION",
  "INVALID_REPLICATION_FACTOR",
  "INVALID_CONFIG",
  "INVALID_TRANSACTION_TIMEOUT",
  "POLICY_VIOLATION",
  "KafkaJSSASLAuthenticationError",
  "KafkaJSNotImplemented",
  "KafkaJSServerDoesNotSupportApiKey",
]);

/** What a broker says to a writer whose successor has opened. */
const FENCED = new Set(["INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED"]);

/** The error as it is told to the runtime; `doing` says what failed, as a clause. */
export function asLogError(doing: string, cause: unknown): LogError {
  if (cause instanceof LogError) return cause;
  const names = causes(cause).flatMap(namesOf);
  const permanent = names.some((name) => PERMANENT.has(name));
  const said = cause instanceof Error ? cause.message : String(cause);
  const isFenced = names.some((name) => FENCED.has(name));
  return new LogError(`${doing}: ${said}`, { retriable: !permanent, isFenced, cause });
}

/** What kafkajs says where nobody was there to answer. */
const UNREACHED = ["KafkaJSConnectionError", "KafkaJSNoBrokerAvailableError", "KafkaJSRequestTimeoutError"];

export const isUnreached = (error: unknown): boolean => UNREACHED.some((type) => isOfType(error, type));

/** Whether an error, or what caused it, is of this type in Kafka's own words. */
export const isOfType = (error: unknown, type: string): boolean =>
  causes(error).flatMap(namesOf).includes(type);

/** kafkajs wraps errors in `cause`, `originalError`, and `errors`. */
function causes(error: unknown): readonly object[] {
  if (typeof error !== "object" || error === null) return [];
  const inner: unknown[] = ["cause", "originalError", "errors"].flatMap((name) => {
    const value: unknown = Reflect.get(error, name);
    return Array.isArray(value) ? value : [value];
  });
  return [error, ...inner.filter((each) => each !== error).flatMap(causes)];
}

function namesOf(error: object): readonly string[] {
  const found: unknown[] = [Reflect.get(error, "type"), Reflect.get(error, "name")];
  return found.filter((name) => typeof name === "string");
}
