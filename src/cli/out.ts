/** Where commands speak: plain text for people, JSON for programs, complaints aside. */

export interface Out {
  /** What was asked for: to stdout. */
  print(text: string): void;
  /** What is worth knowing on the way: to stderr. */
  note(text: string): void;
  /** What went wrong: to stderr. The process will end with this code: 2 where the command was misused. */
  fail(message: string, code?: 1 | 2): void;
}

/** Speaks to the terminal, or to whatever the process is piped into. */
export function processOut(process: NodeJS.Process): Out {
  // Whoever reads may have seen enough (`tripline history … | head`).
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 0 : 1);
  });
  return {
    print: (text) => process.stdout.write(`${text}\n`),
    note: (text) => process.stderr.write(`${text}\n`),
    fail: (message, code = 1) => {
      process.stderr.write(`${message}\n`);
      process.exitCode = code;
    },
  };
}

/** A listing as programs read it. */
export const jsonText = (value: unknown): string => JSON.stringify(value, null, 2);

/** Rows under a heading, columns aligned by spaces. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, ...rows].map((row) => row.map(printable));
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ""))));
  return lines
    .map((line) =>
      line
        .map((cell, column) => pad(cell, widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const pad = (text: string, width: number): string => text + " ".repeat(width - widthOf(text));

const widthOf = (text: string): number => Array.from(text).length;

/** Text from events may hold anything; what would steer a terminal is shown instead of sent. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (char) =>
    char === "\n" ? "\\n" : `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );

/** The beginning of a text that is too long for its column. */
export function short(text: string, width: number): string {
  const chars = Array.from(text);
  return chars.length <= width ? text : `${chars.slice(0, width - 1).join("")}…`;
}

const UNITS = [
  { name: "d", seconds: 86_400 },
  { name: "h", seconds: 3600 },
  { name: "min", seconds: 60 },
  { name: "s", seconds: 1 },
];

/** A span in its two largest units: `1 h 59 min`. */
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const first = UNITS.findIndex((unit) => whole >= unit.seconds);
  if (first === -1) return "0 s";
  let rest = whole;
  return UNITS.slice(first, first + 2)
    .map((unit) => {
      const count = Math.floor(rest / unit.seconds);
      rest -= count * unit.seconds;
      return { text: `${count} ${unit.name}`, count };
    })
    .filter(({ count }) => count > 0)
    .map(({ text }) => text)
    .join(" ");
}
