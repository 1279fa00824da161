/** Whole numbers, exact as far as numbers are; avsc's own lose their sign below -2^52, which is a time before 1827. */
import avsc from "avsc";
import { checked, type Hook, type Tap } from "./tap.ts";

export class Long extends avsc.types.LongType {
  override _check(value: unknown, _flags?: number, hook?: Hook): boolean {
    return checked(Number.isSafeInteger(value), () => hook?.(value, this));
  }

  override _read(tap: Tap): number {
    const { buf } = tap;
    let byte = 0;
    let bits = 0;
    let low = 0;
    do {
      byte = buf[tap.pos++] ?? 0;
      low |= (byte & 0x7f) << bits;
      bits += 7;
    } while (byte >= 0x80 && bits < 28);
    let high = 0;
    for (let unit = 1; byte >= 0x80; unit *= 128) {
      byte = buf[tap.pos++] ?? 0;
      high += (byte & 0x7f) * unit;
    }
    // The lowest bit is the sign; halved first, nothing is ever larger than the number itself.
    const half = high * 2 ** 27 + (low >>> 1);
    const value = (low & 1) === 0 ? half : -half - 1;
    if (Number.isSafeInteger(value)) return value;
    throw new Error("expected a whole number of at most 53 bits");
  }

  override _write(tap: Tap, value: unknown): void {
    if (!Number.isSafeInteger(value)) throw new Error("expected a whole number of at most 53 bits");
    const whole = Number(value);
    if (whole >= LONG_MIN_OF_AVSC) tap.writeLong(whole);
    else writeBelow(tap, whole);
  }
}

const LONG_MIN_OF_AVSC = -(2 ** 52);

function writeBelow(tap: Tap, value: number): void {
  // Twice the absolute value less one, which no longer is exact as one number: its low half and its high half.
  const half = -value - 1;
  let low = ((half % 2 ** 27) * 2 + 1) | 0;
  let high = Math.floor(half / 2 ** 27);
  for (let i = 0; i < 4; i++) {
    tap.buf[tap.pos++] = (low & 0x7f) | 0x80;
    low >>>= 7;
  }
  for (; high >= 0x80; high = Math.floor(high / 128)) tap.buf[tap.pos++] = (high % 128) | 0x80;
  tap.buf[tap.pos++] = high;
}
