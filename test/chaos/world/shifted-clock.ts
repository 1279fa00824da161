/**
 * Loaded before a process starts (`node --import`): its wall clock is off by CHAOS_CLOCK_SHIFT_MS, the other way round
 * after each SIGUSR2. Monotonic time goes on as it is, as when somebody sets the clock of a machine.
 */
const real = Date;
let shiftMs = Number(process.env["CHAOS_CLOCK_SHIFT_MS"] ?? 0);
process.on("SIGUSR2", () => {
  shiftMs = -shiftMs;
});

const now = (): number => real.now() + shiftMs;

globalThis.Date = new Proxy(real, {
  construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
  get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
});
