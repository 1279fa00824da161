/** Keyed state of one step: kept in memory, every change noted for the changelog, every wake-up in order of its time. */
import type { Instant } from "../../core/model/time.ts";
import { TimerQueue } from "./timer-queue.ts";

interface Kept {
  readonly state: unknown;
  readonly wakeAt: Instant | null;
}

/** What is kept under a key. */
export interface Entry extends Kept {
  /** Whether the key follows the watermark, as keys do that gather from all tasks, or its own task's stream time. */
  readonly gathers: boolean;
}

/** A changed entry of a store; null where the key was forgotten. */
export interface Change {
  readonly store: string;
  readonly key: string;
  readonly entry: Entry | null;
}

/** The place of a key: who has found it need not look it up again to change it. Only the store writes to it. */
export class Cell implements Entry {
  readonly key: string;
  /** What the changelog gave back, until its state is asked for: it may be packed, and most are never asked for. */
  given: Kept | null = null;
  #state: unknown = null;
  wakeAt: Instant | null = null;
  gathers = false;
  /** A key that was forgotten keeps its place until its change has been told. */
  isKept = false;
  /** Whether its change is still to be told. */
  isChanged = false;
  /** Whether the changelog says anything of it: what came and went between two commits was never there. */
  isTold = false;
  /** The earliest time at which it stands in a queue: a wake-up that only moves later is queued when that comes. */
  queuedFor: Instant | null = null;

  constructor(key: string) {
    this.key = key;
  }

  get state(): unknown {
    if (this.given !== null) this.state = this.given.state;
    return this.#state;
  }

  set state(state: unknown) {
    this.#state = state;
    this.given = null;
  }
}

export class Store {
  readonly name: string;
  readonly #cells = new Map<string, Cell>();
  #size = 0;
  #changed: Cell[] = [];
  #timers = newTimers();

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): Cell | null {
    if (this.#cells.size === 0) return null;
    const cell = this.#cells.get(key);
    return cell?.isKept === true ? cell : null;
  }

  *keys(): Iterable<string> {
    for (const [key, { isKept }] of this.#cells) if (isKept) yield key;
  }

  /** Sets what is kept under a key; null forgets it. */
  set(key: string, entry: Entry | null): void {
    const cell = this.#cells.get(key);
    if (entry !== null) this.#note(this.#put(cell ?? this.#newCell(key), entry, entry.gathers));
    else if (cell?.isKept === true) this.#note(this.#drop(cell));
  }

  /** The same for a key whose place was found; a key without one gets it. False where nothing is changed by it. */
  change(found: Cell | string, kept: Kept, gathers: boolean): boolean {
    const { state } = kept;
    if (typeof found === "string") {
      if (state !== null)
        this.#note(this.#put(this.#cells.get(found) ?? this.#newCell(found), kept, gathers));
      return state !== null;
    }
    if (state === found.state && kept.wakeAt === found.wakeAt) return false;
    this.#note(state === null ? this.#drop(found) : this.#put(found, kept, gathers));
    return true;
  }

  /** The same, read back from the changelog: nothing to be noted. */
  restore(key: string, entry: Entry | null): void {
    const cell = this.#cells.get(key);
    if (entry !== null) {
      const { wakeAt, gathers } = entry;
      const kept = this.#put(cell ?? this.#newCell(key), { state: null, wakeAt }, gathers);
      kept.given = entry;
      kept.isTold = true;
    } else if (cell !== undefined) {
      this.#drop(cell);
      if (!cell.isChanged) this.#cells.delete(key);
    }
  }

  #newCell(key: string): Cell {
    const cell = new Cell(key);
    this.#cells.set(key, cell);
    return cell;
  }

  #put(cell: Cell, { state, wakeAt }: Kept, gathers: boolean): Cell {
    if (!cell.isKept) {
      cell.isKept = true;
      this.#size += 1;
    }
    // What stands in the queue of the other clock says nothing of this one.
    if (cell.gathers !== gathers) cell.queuedFor = null;
    cell.state = state;
    cell.wakeAt = wakeAt;
    cell.gathers = gathers;
    if (wakeAt !== null) this.#queue(cell, wakeAt);
    return cell;
  }

  #drop(cell: Cell): Cell {
    if (cell.isKept) this.#size -= 1;
    cell.isKept = false;
    cell.state = null;
    cell.wakeAt = null;
    return cell;
  }

  #note(cell: Cell): void {
    if (cell.isChanged) return;
    cell.isChanged = true;
    this.#changed.push(cell);
  }

  /** Adds the keys changed since the last call, each with what is now kept under it. */
  takeChanges(into: Change[]): void {
    const store = this.name;
    for (const cell of this.#changed) {
      const { key, isKept, state, wakeAt, gathers } = cell;
      if (!isKept) this.#cells.delete(key);
      if (isKept || cell.isTold) into.push({ store, key, entry: isKept ? { state, wakeAt, gathers } : null });
      cell.isChanged = false;
      cell.isTold = true;
    }
    this.#changed = [];
  }

  /** When the next key of this clock wants to be woken. */
  nextDue(gathers: boolean): Instant | null {
    const timers = gathers ? this.#timers.gathering : this.#timers.own;
    for (let cell = timers.peek(); cell !== null; cell = timers.peek()) {
      const due = timers.peekDue();
      if (cell.queuedFor === due && cell.gathers === gathers) {
        if (cell.wakeAt === due) return due;
        timers.pop();
        // As many timers as before: no reason to sweep them, least of all while somebody takes from them.
        cell.queuedFor = cell.wakeAt;
        if (cell.wakeAt !== null) timers.push(cell.wakeAt, cell);
      } else timers.pop();
    }
    return null;
  }

  /** Takes out all keys that want to be woken at that very instant. */
  takeDue(at: Instant, gathers: boolean): string[] {
    const timers = gathers ? this.#timers.gathering : this.#timers.own;
    const keys: string[] = [];
    while (this.nextDue(gathers) === at) {
      const cell = timers.pop();
      if (cell === null) break;
      cell.queuedFor = null;
      keys.push(cell.key);
    }
    return keys;
  }

  #queue(cell: Cell, due: Instant): void {
    if (cell.queuedFor !== null && cell.queuedFor <= due) return;
    cell.queuedFor = due;
    (cell.gathers ? this.#timers.gathering : this.#timers.own).push(due, cell);
    if (this.timerCount > 2 * this.#size + SPARE_TIMERS) this.#sweepTimers();
  }

  /** How many timers are held; those of keys that are gone go when they are due, or when they are too many. */
  get timerCount(): number {
    return this.#timers.own.size + this.#timers.gathering.size;
  }

  #sweepTimers(): void {
    this.#timers = newTimers();
    for (const cell of this.#cells.values()) {
      cell.queuedFor = cell.wakeAt;
      if (cell.wakeAt !== null)
        (cell.gathers ? this.#timers.gathering : this.#timers.own).push(cell.wakeAt, cell);
    }
  }
}

/** So many timers of gone keys are not worth a sweep. */
const SPARE_TIMERS = 1024;

const newTimers = () => ({ own: new TimerQueue<Cell>(), gathering: new TimerQueue<Cell>() });
