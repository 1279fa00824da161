/** Events as they are sent: JSON text in Prefect's shape, with what a peer in another process needs of it. */

export interface Sent {
  readonly text: string;
  /** Milliseconds since 1970: when it happened and was received. */
  readonly at: number;
  readonly name: string;
  readonly resource: string;
  /** Which of a variant's chains takes it. */
  readonly chain: number;
}

/** What tells one event from another. */
export interface Told {
  readonly at: number;
  readonly name: string;
  readonly resource: string;
  readonly chain?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** The flow it is related to. */
  readonly flow?: string;
}

export class Sender {
  #sent = 0;

  send({ at, name, resource, chain = 0, labels = {}, flow = "prefect.flow.orders" }: Told): Sent {
    this.#sent += 1;
    const body = {
      id: idOf(this.#sent),
      event: name,
      occurred: new Date(at).toISOString(),
      resource: {
        "prefect.resource.id": resource,
        "prefect.resource.name": `the one at ${resource}`,
        ...labels,
      },
      related: [{ "prefect.resource.id": flow, "prefect.resource.role": "flow" }],
      payload: {
        attempt: this.#sent % 7,
        took: this.#sent / 8,
        region: "eu-west-1",
        note: "nothing unusual",
      },
      follows: null,
    };
    return { text: JSON.stringify(body), at, name, resource, chain };
  }
}

/** The n-th id, spread as drawn ones are. */
function idOf(n: number): string {
  const hex = (Math.imul(n, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
  return `${hex}-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

/** A small generator of chance, the same for a seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
