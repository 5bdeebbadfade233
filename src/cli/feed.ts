// `seriatim feed`: programs of market data that need no exchange. Each has a module in feed/.

import type { Command } from "commander";
import { registerSimulate } from "./feed/simulate.ts";

export function registerFeed(program: Command): void {
  const feed = program
    .command("feed")
    .summary("serve simulated market data")
    .description("Programs of market data, with an exchange or without one.");
  registerSimulate(feed);
}
