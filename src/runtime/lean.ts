/**
 * What a log has no room for, without what events carried: of the children of composites it is kept what they were. Only
 * a composite over many large events comes to that.
 */
import type { Firing } from "../core/model/firing.ts";

/** The event that completed a firing keeps what it carries; those before it do not. */
export const leanFiring = (firing: Firing): Firing => ({
  ...firing,
  children: firing.children.map(withoutPayload),
});

const withoutPayload = (firing: Firing): Firing => ({
  ...firing,
  event: firing.event === null ? null : { ...firing.event, payload: {} },
  children: firing.children.map(withoutPayload),
});

export const isFiring = (value: unknown): value is Firing =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "firing";

/** The same for state, wherever firings stand in it. */
export function leanState(state: unknown): unknown {
  if (isFiring(state)) return withoutPayload(state);
  if (Array.isArray(state)) return state.map(leanState);
  if (typeof state !== "object" || state === null) return state;
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [name, leanState(value)]));
}
