/**
 * Tells from the bytes of an event, without parsing it, that it is sound and that no trigger wants it: then nothing
 * needs to be known of it but its id. Whatever is unusual (escapes in names, fields twice, other forms of ids and times,
 * a leader, faults of any kind) is not told, and the reader of core/model/event-reader.ts has the word; so what the
 * scan takes the reader takes too, with the same id, and what is wrong is rejected as ever.
 */
import { DEFAULT_LIMITS } from "../../core/model/event-reader.ts";
import { RESOURCE_ID, RESOURCE_ROLE, STATE_TYPE } from "../../core/model/labels.ts";
import { ID_BYTES, idAt, isId, isTime } from "./forms.ts";
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  NOT,
  NULL,
  OPEN_LIST,
  OPEN_OBJECT,
  passColon,
  passComma,
  passFullText,
  passPlainText,
  passSpace,
  passValue,
  passWord,
  QUOTE,
} from "./json-bytes.ts";
import type { Names } from "./names.ts";
import { Words } from "./words.ts";

/** The fields of an event, each as a bit. */
const FIELDS = new Words(["id", "event", "occurred", "resource", "related", "payload", "follows"]);
const ID = 1;
const EVENT = 2;
const OCCURRED = 4;
const RESOURCE = 8;
const RELATED = 16;
const PAYLOAD = 32;
const FOLLOWS = 64;
/** What an event must say; without the others it can be read too. */
const NEEDED = ID | EVENT | OCCURRED | RESOURCE;

/** Labels that are looked for, each as a bit. */
const LABELS = new Words([RESOURCE_ID, RESOURCE_ROLE, STATE_TYPE]);
const HAS_ID = 1;
const HAS_ROLE = 2;
const HAS_STATE = 4;

/** A scan of one event after the other. */
class EventScan {
  #bytes: Uint8Array = new Uint8Array(0);
  #names: Names;
  #idAt = NOT;

  constructor(names: Names) {
    this.#names = names;
  }

  idOfUnwanted(bytes: Uint8Array, names: Names): string | null {
    this.#bytes = bytes;
    this.#names = names;
    if (!this.#isUnwanted()) return null;
    return idAt(bytes, this.#idAt);
  }

  #isUnwanted(): boolean {
    const bytes = this.#bytes;
    let at = passSpace(bytes, 0);
    if (bytes[at] !== OPEN_OBJECT) return false;
    at = passSpace(bytes, at + 1);
    let seen = 0;
    for (;;) {
      const end = passPlainText(bytes, at);
      const field = FIELDS.bitOf(bytes, at, end);
      if (end === NOT || (seen & field) !== 0) return false;
      seen |= field;
      at = passSpace(bytes, this.#passField(field, passColon(bytes, end)));
      if (bytes[at] === CLOSE_OBJECT) break;
      at = passComma(bytes, at);
    }
    return (seen & NEEDED) === NEEDED && passSpace(bytes, at + 1) === bytes.length;
  }

  #passField(field: number, at: number): number {
    const bytes = this.#bytes;
    switch (field) {
      case ID:
        return this.#passId(at);
      case EVENT:
        return this.#passName(at);
      case OCCURRED:
        return this.#passTime(at);
      case RESOURCE:
        // Where states are wanted, a state is as good as one label too many.
        return this.#passLabels(at, HAS_ID, this.#names.wantsStates ? HAS_STATE : 0);
      case RELATED:
        return this.#passRelated(at);
      case PAYLOAD:
        return bytes[at] === OPEN_OBJECT ? passValue(bytes, at) : NOT;
      case FOLLOWS:
        return passWord(bytes, at, NULL);
      default:
        return passValue(bytes, at);
    }
  }

  #passId(at: number): number {
    const bytes = this.#bytes;
    this.#idAt = at + 1;
    const end = at + 1 + ID_BYTES;
    return bytes[at] === QUOTE && bytes[end] === QUOTE && isId(bytes, at + 1) ? end + 1 : NOT;
  }

  /** As soon as the name is known to be wanted there is no more to scan. */
  #passName(at: number): number {
    const end = passPlainText(this.#bytes, at);
    if (end - at > DEFAULT_LIMITS.nameCharsMax || end === NOT) return NOT;
    return this.#names.wants(this.#bytes, at + 1, end - 1) ? NOT : end;
  }

  #passTime(at: number): number {
    const end = passPlainText(this.#bytes, at);
    return end !== NOT && isTime(this.#bytes, at + 1, end - 1) ? end : NOT;
  }

  #passRelated(from: number): number {
    const bytes = this.#bytes;
    if (bytes[from] !== OPEN_LIST) return NOT;
    let at = passSpace(bytes, from + 1);
    if (bytes[at] === CLOSE_LIST) return at + 1;
    for (let count = 1; count <= DEFAULT_LIMITS.relatedMax && at !== NOT; count++) {
      at = passSpace(bytes, this.#passLabels(at, HAS_ID | HAS_ROLE, 0));
      if (bytes[at] === CLOSE_LIST) return at + 1;
      at = passComma(bytes, at);
    }
    return NOT;
  }

  /** Names and texts, of which those needed stand there, and none of them twice; `seen` are those that count as there. */
  #passLabels(from: number, needed: number, seen: number): number {
    const bytes = this.#bytes;
    if (bytes[from] !== OPEN_OBJECT) return NOT;
    let at = passSpace(bytes, from + 1);
    for (let count = 1, found = seen; count <= DEFAULT_LIMITS.labelsMax; count++) {
      const end = passPlainText(bytes, at);
      const label = LABELS.bitOf(bytes, at, end);
      if (end === NOT || (found & label) !== 0) return NOT;
      found |= label;
      // An empty text may be a fault, for the reader to judge.
      at = passSpace(bytes, passFullText(bytes, passColon(bytes, end)));
      if (bytes[at] === CLOSE_OBJECT) return (found & needed) === needed ? at + 1 : NOT;
      at = passComma(bytes, at);
    }
    return NOT;
  }
}

let scan: EventScan | null = null;

/** The id of a sound event that nobody wants; null where it must be read to know more. */
export function idOfUnwanted(bytes: Uint8Array, names: Names): string | null {
  scan ??= new EventScan(names);
  return scan.idOfUnwanted(bytes, names);
}
