// A node of a bench, a process of its own: `exchange.ts SETTINGS` (exchange-process.ts). Says its ports, then answers
// one question after another, and stops when nobody asks any more.

import { configurationOf, createLog, startNode } from "../../src/node/index.ts";
import { inlineDeeply } from "../../src/platform/index.ts";
import type { ExchangeFigures, ExchangePorts, ExchangeQuestion } from "../exchange-process.ts";
import { StandstillWatch } from "../standstill.ts";

inlineDeeply();

const configuration = configurationOf(JSON.parse(process.argv[2]));
const node = await startNode(configuration, createLog({ level: "error" }));

function figures(): ExchangeFigures {
  const { user, system } = process.cpuUsage();
  const { status, position, latency } = node.status();
  return { cpu_us: user + system, status, position, latency };
}

const watch = new StandstillWatch();

async function answer(question: ExchangeQuestion): Promise<unknown> {
  if (question === "figures") return figures();
  if (question === "watch") return watch.begin();
  return question === "standstill" ? watch.end() : node.requestSnapshot();
}

process.on("message", async (question: ExchangeQuestion) => {
  try {
    process.send?.((await answer(question)) ?? {});
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
process.on("disconnect", () => {
  node.stop().then(() => process.exit(0));
});
const { orderPort, httpPort, replicationPort } = node;
process.send?.({ port: orderPort, httpPort, replicationPort } satisfies ExchangePorts);
