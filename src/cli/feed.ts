// `seriatim feed`: programs of market data that need no exchange. Each has a module in feed/.

import type { Command } from "commander";
import { registerInspect } from "./feed/inspect.ts";
import { registerPlay } from "./feed/play.ts";
import { registerRecord } from "./feed/record.ts";
import { registerSimulate } from "./feed/simulate.ts";
import { registerWatch } from "./feed/watch.ts";

const EXAMPLES = `
Examples:
  seriatim feed simulate
  seriatim feed watch 127.0.0.1:9876`;

export function registerFeed(program: Command): void {
  const feed = program
    .command("feed")
    .description("Programs of market data, with an exchange or without one.")
    .addHelpText("after", EXAMPLES);
  registerSimulate(feed);
  registerWatch(feed);
  registerRecord(feed);
  registerPlay(feed);
  registerInspect(feed);
}
