// What the calls of this folder check of what they are given. All throw SeriatimError `INVALID_ARGUMENT`.

import { SeriatimError } from "../base/index.ts";

export const PORT_MAX = 65_535;

export function invalid(message: string): SeriatimError {
  return new SeriatimError("INVALID_ARGUMENT", message);
}

export function checkInteger(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw invalid(`${what} ${String(value)} is not an integer from ${min} to ${max}`);
}

export function checkText(what: string, value: unknown): void {
  if (typeof value !== "string" || value === "") throw invalid(`${what} is no text`);
}
