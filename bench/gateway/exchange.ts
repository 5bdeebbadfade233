// A node of a bench, a process of its own: `exchange.ts DURABILITY DIRECTORY [RATE]`, with simulated traders when a rate is
// given.

import { configurationOf, createLog, startNode } from "../../src/node/index.ts";
import { inlineDeeply } from "../../src/platform/index.ts";

inlineDeeply();

type Durability = "off" | "buffered" | "flush" | "fsync";

const [durability, dataDir, rate] = process.argv.slice(2) as [Durability, string, string?];
const simulate = Number(rate ?? 0);
const configuration = configurationOf({ durability, dataDir, simulate, orderPort: 0, httpPort: 0 });
const node = await startNode(configuration, createLog({ level: "warn" }));
process.send?.({ port: node.orderPort, httpPort: node.httpPort });
process.on("disconnect", () => {
  node.stop().then(() => process.exit(0));
});
