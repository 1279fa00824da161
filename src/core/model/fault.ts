/** Faults in what people and programs send: told all at once, each with its place, as values rather than exceptions. */

/** One thing that is wrong, and where. */
export interface Fault {
  /** The path to the value, from the outside in: `["trigger", "triggers", 0, "posture"]`. */
  readonly at: readonly (string | number)[];
  /** A stable word for programs, as Prefect's API uses them: `missing`, `value_error`, … (triggers-spec 1.3). */
  readonly type: string;
  /** A sentence for people: what was expected here. */
  readonly message: string;
  /** The value found, where there is one. */
  readonly input?: unknown;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export const good = <T>(value: T): Result<T> => ({ ok: true, value });
export const bad = (faults: readonly Fault[]): Result<never> => ({ ok: false, faults });

/** A fault as one line: `trigger.triggers[0].posture: expected …`. */
export function formatFault(fault: Fault): string {
  const place = fault.at
    .map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join("");
  return place === "" ? fault.message : `${place}: ${fault.message}`;
}
