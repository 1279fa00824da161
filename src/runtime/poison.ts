/** A record that a task could not take though it could be read: the task dies of it once, and its successor rejects it. */

export class Poison extends Error {
  override readonly name = "Poison";
  readonly topic: string;
  readonly offset: number;

  constructor(place: { readonly topic: string; readonly offset: number }, cause: unknown) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(`taking ${place.topic} at offset ${place.offset} failed (${reason})`, { cause });
    this.topic = place.topic;
    this.offset = place.offset;
  }
}

/** Does something with a record; what goes wrong there is laid at its door. */
export function blaming<T>(place: { readonly topic: string; readonly offset: number }, take: () => T): T {
  try {
    return take();
  } catch (error) {
    throw new Poison(place, error);
  }
}
