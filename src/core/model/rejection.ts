/** Rejections: what could not be read, with its place and the reason. */
import type { Instant } from "./time.ts";

export interface Rejection {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** What was expected and what was found. */
  readonly reason: string;
  /** What it said, as far as it can be read as text. */
  readonly value: string | null;
  /** The record's own timestamp. */
  readonly at: Instant;
}
