// A node of a bench, a process of its own: `exchange.ts SETTINGS` (exchange-process.ts). Says its ports, then answers
// one question after another, and stops when nobody asks any more.

import { configurationOf, createLog, startNode } from "../../src/node/index.ts";
import { inlineDeeply } from "../../src/platform/index.ts";
import type { ExchangeFigures, ExchangePorts, ExchangeQuestion } from "../exchange-process.ts";

inlineDeeply();

const configuration = configurationOf(JSON.parse(process.argv[2]));
const node = await startNode(configuration, createLog({ level: "error" }));

function figures(): ExchangeFigures {
  const { user, system } = process.cpuUsage();
  const { status, position, latency } = node.status();
  return { cpu_us: user + system, status, position, latency };
}

process.on("message", async (question: ExchangeQuestion) => {
  try {
    process.send?.(question === "figures" ? figures() : await node.requestSnapshot());
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
process.on("disconnect", () => {
  node.stop().then(() => process.exit(0));
});
const { orderPort, httpPort, replicationPort } = node;
process.send?.({ port: orderPort, httpPort, replicationPort } satisfies ExchangePorts);
