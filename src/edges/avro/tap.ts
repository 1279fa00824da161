/** What avsc's own types are made of, as far as ours stand on it; its typings leave it out. */
import type { Buffer } from "node:buffer";
import type avsc from "avsc";

/** Where avsc reads and writes. */
export interface Tap {
  pos: number;
  readonly buf: Buffer;
  readLong(): number;
  skipLong(): void;
  readString(): string;
  writeLong(value: number): void;
  writeBytes(value: Buffer): void;
}

/** Told of every part that does not fit. */
export type Hook = (value: unknown, type: avsc.Type) => void;

export interface Resolver {
  _read: (tap: Tap) => unknown;
}

declare module "avsc" {
  interface Type {
    _check(value: unknown, flags?: number, hook?: Hook, path?: string[]): boolean;
    _read(tap: Tap): unknown;
    _write(tap: Tap, value: unknown): void;
    _update(resolver: Resolver, writer: Type, options: object): void;
  }
}

/** Whether a value fits; tells where it does not. */
export function checked(fits: boolean, otherwise: () => void): boolean {
  if (!fits) otherwise();
  return fits;
}
