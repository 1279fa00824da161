/** The events that are sent: in time, late, early, twice, followers before their leaders, and what is no event at all. */
import type { Dice } from "../dice.ts";

/** A record to be sent. */
export interface Sending {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** The keys of what is no event begin so. */
export const POISON = "poison.";

const HOSTS = 12;
const SHOPS = ["north", "south", "east", "west", "harbour"];
const ZONES = ["a", "b", "c"];
/** A host beats so often, but for when it has fallen silent. */
const BEAT_MS = 2_500;
const REMEMBERED = 300;
/** More than an event may have, and less than the topic takes. */
const TOO_LARGE_BYTES = 1_600_000;

interface Body {
  readonly id: string;
  readonly occurred: string;
  readonly event: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly related: readonly Readonly<Record<string, string>>[];
  readonly payload: Readonly<Record<string, unknown>>;
  readonly follows?: string;
}

/** How often each kind comes, out of a hundred. */
const SHARES: readonly (readonly [share: number, what: "ping" | "probe" | "order" | "login" | "job"])[] = [
  [4, "ping"],
  [16, "probe"],
  [30, "order"],
  [30, "login"],
  [20, "job"],
];

export class Events {
  readonly #dice: Dice;
  readonly #beats: { nextMs: number }[];
  /** Jobs that have begun, and when the last word of them is due; none is due for the stuck ones. */
  readonly #jobs: { readonly id: string; readonly startedBy: string; readonly endsMs: number }[] = [];
  #recent: Sending[] = [];
  #count = 0;
  #poisons = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#beats = Array.from({ length: HOSTS }, () => ({ nextMs: dice.between(0, BEAT_MS) }));
  }

  /** What happens in a moment: so many events, and the beats that are due. */
  at(sinceStartMs: number, count: number): readonly Sending[] {
    const sent: Sending[] = [];
    for (let i = 0; i < count; i++) sent.push(...this.#any(sinceStartMs));
    sent.push(...this.#beatsDue(sinceStartMs), ...this.#jobsDone(sinceStartMs));
    this.#recent = [...this.#recent, ...sent].slice(-REMEMBERED);
    if (this.#recent.length > 0 && this.#dice.oneIn(8)) sent.push(this.#dice.pick(this.#recent));
    if (this.#dice.oneIn(20)) sent.push(this.#poison());
    return sent;
  }

  #any(sinceStartMs: number): readonly Sending[] {
    let left = this.#dice.below(100);
    const [, what] = SHARES.find(([share]) => (left -= share) < 0) ?? [0, "ping"];
    const host = `host.${this.#dice.below(HOSTS)}`;
    switch (what) {
      case "ping":
        return [this.#event("ping", host)];
      case "probe":
        return [this.#event("probe.failed", `probe.${this.#dice.below(40)}`, { host })];
      case "login":
        return [this.#event("login", `user.${this.#dice.below(500)}`)];
      case "order":
        return [this.#order()];
      case "job":
        return this.#job(sinceStartMs);
    }
  }

  #order(): Sending {
    const event = this.#dice.pick(["order.placed", "order.placed", "order.paid", "order.shipped"]);
    const zone = this.#dice.pick(ZONES);
    const related = [{ "prefect.resource.id": `zone.${zone}`, "prefect.resource.role": "zone", name: zone }];
    const shop = this.#dice.pick(SHOPS);
    return this.#event(event, `order.${this.#dice.below(200)}`, { shop }, { related });
  }

  /** Most end in time, some too late, some never; of some the end is told before the start. */
  #job(sinceStartMs: number): readonly Sending[] {
    const id = `job.${this.#count}`;
    const start = this.#event("job.started", id);
    const startedBy = this.#lastId;
    if (this.#dice.oneIn(12)) {
      const end = this.#event("job.finished", id, {}, { follows: startedBy });
      return [end, start];
    }
    const endsMs = sinceStartMs + this.#dice.between(500, this.#dice.oneIn(10) ? 14_000 : 6_000);
    if (!this.#dice.oneIn(15)) this.#jobs.push({ id, startedBy, endsMs });
    return [start];
  }

  #jobsDone(sinceStartMs: number): readonly Sending[] {
    const done = this.#jobs.filter(({ endsMs }) => endsMs <= sinceStartMs);
    for (const job of done) this.#jobs.splice(this.#jobs.indexOf(job), 1);
    return done.map(({ id, startedBy }) => this.#event("job.finished", id, {}, { follows: startedBy }));
  }

  #beatsDue(sinceStartMs: number): readonly Sending[] {
    return this.#beats.flatMap((beat, host) => {
      if (beat.nextMs > sinceStartMs) return [];
      beat.nextMs = sinceStartMs + (this.#dice.oneIn(12) ? this.#dice.between(9_000, 25_000) : BEAT_MS);
      return [this.#event("beat", `agent.${host}`, { host: `host.${host}` })];
    });
  }

  #event(
    event: string,
    resource: string,
    labels: Readonly<Record<string, string>> = {},
    more: Partial<Body> = {},
  ): Sending {
    this.#count += 1;
    const body: Body = {
      id: this.#lastId,
      occurred: new Date(Date.now() + this.#offBy()).toISOString(),
      event,
      resource: { "prefect.resource.id": resource, ...labels },
      related: [],
      payload: { n: this.#count },
      ...more,
    };
    return { key: resource, value: bytes(JSON.stringify(body)) };
  }

  get #lastId(): string {
    return `e0000000-0000-4000-8000-${String(this.#count).padStart(12, "0")}`;
  }

  /** Senders are late now and then, and some have a clock that is ahead. */
  #offBy(): number {
    const throws = this.#dice.next();
    if (throws < 0.03) return -this.#dice.between(500, 30_000);
    return throws < 0.04 ? 3_600_000 : 0;
  }

  #poison(): Sending {
    this.#poisons += 1;
    const key = `${POISON}${this.#poisons}`;
    // Rarely, for it is large.
    if (this.#poisons % 15 === 7) return { key, value: bytes(JSON.stringify("x".repeat(TOO_LARGE_BYTES))) };
    const value = this.#dice.pick([
      bytes("{ no event"),
      bytes(JSON.stringify({ event: "ping", resource: { shop: "north" } })),
      bytes(
        JSON.stringify({ event: 7, resource: { "prefect.resource.id": "host.1" }, occurred: "yesterday" }),
      ),
      Uint8Array.of(0xff, 0xfe, 0x00),
      null,
    ]);
    return { key, value };
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
