/** What the operating system says, in words: nobody should have to know what EACCES means. */
import { readFile } from "node:fs/promises";

/** What the process was told of itself cannot be: told as one message, every fault with its place. */
export class ConfigurationError extends Error {
  override readonly name: string = "ConfigurationError";
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file"],
  ["EISDIR", "this is a folder, not a file"],
  ["ENOTDIR", "part of the path is a file, not a folder"],
  ["EEXIST", "there is a file of that name"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EROFS", "the file system is read-only"],
  ["ENOSPC", "the disk is full"],
  ["ENAMETOOLONG", "the name is too long"],
  ["ELOOP", "symbolic links lead in a circle"],
  ["EMFILE", "too many files are open"],
  ["ERR_ENCODING_INVALID_ENCODED_DATA", "this is not UTF-8 text"],
]);

/** Why something failed, as one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  return WORDS.get(code) ?? error.message;
}

/** The text of a file; what it throws is told by `reasonOf`. */
export const readTextFile = async (path: string): Promise<string> =>
  new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
