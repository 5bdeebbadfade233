// Paths that a person gives: an argument, an option, a setting. The system may refuse such a name, and then the path can't be right:
// wrong usage. It may also fail at a path that is right (a disk's error, no room): then the work has failed.

import { opendirSync } from "node:fs";
import { type ExitCode, SeriatimError, storageError } from "../base/index.ts";

/** What the system says of a name, and not of its disk. */
const OF_A_NAME: readonly string[] = [
  ...["EACCES", "EEXIST", "EISDIR", "ELOOP", "ENAMETOOLONG", "ENOENT", "ENOTDIR", "EPERM", "EROFS"],
];

/** The exit status of a system's error at a given path. */
export function exitCodeOfPath(code: string): ExitCode {
  return OF_A_NAME.includes(code) ? 2 : 1;
}

/**
 * The error of a given path with a system's code: `keys: cannot read a/b: no such file or directory (ENOENT)`. `option`: the option or
 * setting that it was given as; "" for an argument.
 */
export function givenPathError(
  code: string,
  verb: string,
  path: string,
  { option = "", cause }: { option?: string; cause?: unknown } = {},
): SeriatimError {
  const { message } = storageError(code, verb, path);
  const line = option === "" ? message : `${option}: ${message}`;
  return new SeriatimError(code, line, { exitCode: exitCodeOfPath(code), cause });
}

/** The same of an error that the system or a Storage threw; any other is thrown as it is. */
export function asGivenPathError(cause: unknown, verb: string, path: string, option = ""): SeriatimError {
  const { code } = cause as { code?: unknown };
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) throw cause;
  return givenPathError(code, verb, path, { option, cause });
}

/** Throws givenPathError when `path` is no directory that can be read. */
export function refuseUnreadableDirectory(path: string): void {
  try {
    opendirSync(path).closeSync();
  } catch (cause) {
    throw asGivenPathError(cause, "read", path);
  }
}
