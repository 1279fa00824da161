/** The terminal, as far as progress is drawn on it. */

/** Where a line may be drawn over itself. */
export interface Screen {
  readonly columns: number;
  write(text: string): void;
  /** Milliseconds of a clock that only goes on. */
  now(): number;
}

/** The terminal behind stderr, if it is one. */
export function screenOf(stream: NodeJS.WriteStream): Screen | null {
  if (!stream.isTTY) return null;
  return { columns: stream.columns, write: (text) => stream.write(text), now: () => performance.now() };
}
