// A node of the gateway bench, a process of its own: `exchange.ts DURABILITY DIRECTORY`.

import { configurationOf, createLog, startNode } from "../../src/node/index.ts";
import { inlineDeeply } from "../../src/platform/index.ts";

inlineDeeply();

type Durability = "off" | "buffered" | "flush" | "fsync";

const [durability, dataDir] = process.argv.slice(2) as [Durability, string];
const configuration = configurationOf({ durability, dataDir, orderPort: 0, httpPort: 0 });
const node = await startNode(configuration, createLog({ level: "warn" }));
process.send?.({ port: node.orderPort });
process.on("disconnect", () => {
  node.stop().then(() => process.exit(0));
});
