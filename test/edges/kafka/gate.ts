/** The way to the broker, which a test can shut: a proxy that puts its own port where the broker tells its address. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { brokers } from "./real.ts";

export class Gate {
  readonly #sockets = new Set<Socket>();
  readonly #broker: { readonly host: string; readonly port: number };
  #server: Server | null = null;
  #port = 0;
  #isHeld = false;

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

  /** As a broker that is gone: what was connected is cut, and nobody listens. */
  shut(): void {
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** As a broker that hangs: whoever connects is let in, and hears nothing. */
  hold(): void {
    this.#isHeld = true;
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
    client.on("data", (bytes) => {
      if (!this.#isHeld) broker.write(bytes);
    });
    broker.on("data", (bytes) => {
      if (!this.#isHeld) client.write(replaced(bytes, theirs, ours));
    });
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }

  /** An address as it stands in answers: a host, and a port of four bytes. */
  #told(port: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(port);
    return Buffer.concat([Buffer.from(this.#broker.host), bytes]);
  }
}

function replaced(bytes: Buffer, old: Buffer, by: Buffer): Buffer {
  for (let at = bytes.indexOf(old); at >= 0; at = bytes.indexOf(old, at + by.length)) by.copy(bytes, at);
  return bytes;
}
