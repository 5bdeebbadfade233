// What commands say of the environment they read.

import type { Command } from "commander";
import { unknownVariables, unknownVariableText } from "../node/index.ts";

/** `command` takes some of its options from the environment: before it begins, variables that are no setting are said, a line each. */
export function readsEnvironment(command: Command): Command {
  return command.hook("preAction", () => {
    for (const unknown of unknownVariables(process.env))
      process.stderr.write(`seriatim: ${unknownVariableText(unknown)}\n`);
  });
}
