// A program that trades with proof and survives what happens to its exchange: it works a large order in small slices, knows after
// every lost connection which of them were executed, and leaves nothing resting when it dies. With `npm run cluster`, which prints
// this command with its own key and ports; kill the primary and promote another one while it runs:
//
//   npm run example examples/trading-session.ts KEY PORT[,PORT...] [lots]

import { setTimeout as pause } from "node:timers/promises";
import { SeriatimError } from "seriatim";
import { connectTrading, type ExecutionReport } from "seriatim/client";

/** The one the cluster's trader's key is good for. */
const ACCOUNT = 77;
/** Lots of one slice. */
const SLICE = 5;
/** Between a slice and the next one. */
const PAUSE_MS = 200;
/** Without a connection for so long, the exchange itself cancels what rests. */
const DEAD_MAN_MS = 10_000;
/** For an exchange that is away when this program is to end. */
const END_MS = 3_000;

// What fails is said in one line, whenever it fails: status 2 for an argument that can't be, else 1.
process.once("uncaughtException", (error) => {
  if (!(error instanceof SeriatimError)) throw error;
  console.error(error.message);
  process.exit(error.code === "INVALID_ARGUMENT" ? 2 : 1);
});

const [key = "", ports, lots = "100"] = process.argv.slice(2);
if (ports === undefined || !(Number(lots) > 0)) {
  console.error("usage: npm run example examples/trading-session.ts KEY PORT[,PORT...] [lots]");
  process.exit(2);
}
const session = await connectTrading({
  addresses: ports.split(",").map((port) => ({ port: Number(port) })),
  key,
  account: ACCOUNT,
  instance: 1,
  deadMan_ms: DEAD_MAN_MS,
});
const [market] = await session.instruments();

const wanted = Number(lots);
let bought = 0;
let isEnding = false;
/** No order of an earlier run that still rests has its number. */
let lastId = BigInt(Date.now()) << 20n;

const own = new Set<bigint>();

/** Every report comes once, in order, also those of a time without a connection. */
function onReport({ kind, id, lastQuantity, number }: ExecutionReport): void {
  // Others may trade for the account too.
  if (kind !== "traded" || !own.has(id)) return;
  bought += lastQuantity;
  console.log(`report ${number}: bought ${lastQuantity}, ${bought} in all`);
}

/** Lots that were taken or not, for certain. */
async function slice(quantity: number): Promise<void> {
  const order = { id: ++lastId, symbol: market.symbol, side: "buy", type: "market", quantity } as const;
  own.add(order.id);
  try {
    const answer = await session.submit(order);
    if (!answer.accepted) console.log(`refused: ${answer.reason}`);
  } catch (error) {
    if (!(error instanceof SeriatimError) || error.code !== "NOT_EXECUTED") throw error;
    console.log("the connection was lost, and that slice with it: it was not executed, so it is sent again");
  }
}

session.on("report", onReport);
session.on("disconnected", (why) => console.log(`disconnected: ${why.message}`));
session.on("connected", () => console.log("connected"));
// npm passes a Ctrl-C on: it comes twice, and the second one must not end this before its orders are cancelled.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    isEnding = true;
    setTimeout(() => session.destroy(), END_MS).unref();
  });
}

try {
  while (!isEnding && bought < wanted) {
    await session.ready();
    await slice(Math.min(SLICE, wanted - bought));
    await pause(PAUSE_MS);
  }
  await session.massCancel();
  await session.logout();
} catch (error) {
  if (!isEnding || !(error instanceof SeriatimError)) throw error;
  session.destroy();
  console.log(`the exchange is away (${error.message}): it takes out by itself what rests`);
}
console.log(`ended with ${bought} lots bought`);
