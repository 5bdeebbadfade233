// A topic's or group's name on the command line.

import { isTapeName } from "../../protocol/index.ts";
import { usageError } from "../arguments.ts";

/** `name`, if it can be one; throws a usage error before anybody is asked. */
export function checkedName(what: "topic" | "group", name: string): string {
  if (isTapeName(name)) return name;
  throw usageError(`${JSON.stringify(name)} is no ${what}'s name: 1 to 255 characters of A-Z a-z 0-9 . _ -`);
}
