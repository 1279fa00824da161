/** Some words, told apart by their bytes, each as a bit. */
import { NOT, passWord, wordOf } from "./json-bytes.ts";

interface Word {
  readonly word: Uint8Array;
  readonly bit: number;
}

export class Words {
  readonly #byLength: Word[][];

  constructor(words: readonly string[]) {
    const longest = Math.max(...words.map((word) => word.length));
    this.#byLength = Array.from({ length: longest + 1 }, () => []);
    for (const [i, text] of words.entries()) {
      this.#byLength[text.length]?.push({ word: wordOf(text), bit: 1 << i });
    }
  }

  /** The bit of the word that stands in quotes in [from, end); 0 for any other. */
  bitOf(bytes: Uint8Array, from: number, end: number): number {
    const alike = this.#byLength[end - from - 2];
    if (alike === undefined) return 0;
    for (const { word, bit } of alike) if (passWord(bytes, from + 1, word) !== NOT) return bit;
    return 0;
  }
}
