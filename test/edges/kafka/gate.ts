/**
 * The way to the broker, on which a test may meddle: a proxy that puts its own port where the broker tells its address, and
 * decides of every request and every answer what becomes of it.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { brokers } from "./real.ts";

/** Kafka's numbers of what is asked. */
export const API = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  metadata: 3,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  syncGroup: 14,
  versions: 18,
  initProducerId: 22,
  addPartitions: 24,
  endTransaction: 26,
} as const;
export type Api = keyof typeof API;

export interface Message {
  readonly api: Api | null;
  readonly isAnswer: boolean;
  /** With its length before it; may be written to. */
  readonly bytes: Buffer;
}

/** A message passes, or is never heard of again, or ends its connection. Those behind it wait until that is decided. */
export type Fate = "pass" | "lose" | "cut";
export type Rule = (message: Message) => Fate | Promise<Fate>;

const names = new Map<number, string>(Object.entries(API).map(([name, key]) => [key, name]));
const isApi = (name: string | undefined): name is Api => name !== undefined && name in API;
const apiOf = (key: number): Api | null => {
  const name = names.get(key);
  return isApi(name) ? name : null;
};

export class Gate {
  readonly #sockets = new Set<Socket>();
  readonly #broker: { readonly host: string; readonly port: number };
  #server: Server | null = null;
  #port = 0;
  #rule: Rule = () => "pass";

  private constructor() {
    const [host = "", port] = brokers()[0]?.split(":") ?? [];
    this.#broker = { host, port: Number(port) };
  }

  static async open(): Promise<Gate> {
    const gate = new Gate();
    await gate.reopen();
    return gate;
  }

  get address(): string {
    return `${this.#broker.host}:${this.#port}`;
  }

  get isOpen(): boolean {
    return this.#server !== null;
  }

  /** As a broker that is gone: what was connected is cut, and nobody listens. */
  shut(): void {
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** As a broker that hangs: whoever connects is let in, and hears nothing. */
  hold(): void {
    this.#rule = () => "lose";
  }

  /** From now on. */
  meddle(rule: Rule): void {
    this.#rule = rule;
  }

  /** At the same address as before. */
  async reopen(): Promise<void> {
    const server = createServer((socket) => this.#let(socket)).listen(this.#port, this.#broker.host);
    await once(server, "listening");
    this.#server = server;
    const address = server.address();
    if (address !== null && typeof address === "object") this.#port = address.port;
  }

  #let(client: Socket): void {
    const broker = connect(this.#broker);
    const [theirs, ours] = [this.#told(this.#broker.port), this.#told(this.#port)];
    const asked = new Map<number, Api | null>();
    const pass = (to: Socket, message: Message): Promise<void> => this.#pass(to, message);

    const asking = each(client, async (bytes) => {
      const api = apiOf(bytes.readInt16BE(4));
      asked.set(bytes.readInt32BE(8), api);
      await pass(broker, { api, isAnswer: false, bytes });
    });
    const answering = each(broker, async (bytes) => {
      const api = asked.get(bytes.readInt32BE(4)) ?? null;
      await pass(client, { api, isAnswer: true, bytes: replaced(bytes, theirs, ours) });
    });
    for (const [one, other, passed] of [
      [client, broker, asking],
      [broker, client, answering],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(one);
        // What is on its way arrives, though who sent it has gone.
        void passed().then(() => other.end());
      });
    }
  }

  async #pass(to: Socket, message: Message): Promise<void> {
    const fate = await this.#rule(message);
    if (fate === "pass" && !to.destroyed) to.write(message.bytes);
    if (fate === "cut") to.destroy();
  }

  /** An address as it stands in answers: a host, and a port of four bytes. */
  #told(port: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(port);
    return Buffer.concat([Buffer.from(this.#broker.host), bytes]);
  }
}

/** Every message on a socket, one after the other; gives how to wait until all that came so far are taken. */
function each(socket: Socket, take: (bytes: Buffer) => Promise<void>): () => Promise<void> {
  let left = Buffer.alloc(0);
  let turn = Promise.resolve();
  socket.on("data", (bytes: Buffer) => {
    left = Buffer.concat([left, bytes]);
    while (left.length >= 4 && left.length >= 4 + left.readInt32BE(0)) {
      const message = Buffer.from(left.subarray(0, 4 + left.readInt32BE(0)));
      left = left.subarray(message.length);
      turn = turn.then(() => take(message));
    }
  });
  return () => turn;
}

function replaced(bytes: Buffer, old: Buffer, by: Buffer): Buffer {
  for (let at = bytes.indexOf(old); at >= 0; at = bytes.indexOf(old, at + by.length)) by.copy(bytes, at);
  return bytes;
}
