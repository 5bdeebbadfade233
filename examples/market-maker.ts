// A market maker: it quotes both sides of a market around a reference price, leans against its inventory, learns the price
// from its fills, and cancels everything when it ends. Against `npm start`, until Ctrl-C:
//
//   npm run example examples/market-maker.ts [port] [reference price]

import { setTimeout as pause } from "node:timers/promises";
import { SeriatimError } from "seriatim";
import { connectOrderEntry, type FillEvent } from "seriatim/client";
import { formatPrice, parsePrice } from "seriatim/protocol";

/** Lots on each side. */
const SIZE = 5;
/** From the reference to each quote, in price steps. */
const HALF_SPREAD_STEPS = 3;
/** Both quotes move down by this many steps for each lot held, and up for each lot sold short. */
const SKEW_STEPS = 0.5;
/** Quotes are renewed at most this often. */
const PAUSE_MS = 200;

// What fails is said in one line, whenever it fails: status 2 for an argument that can't be, else 1.
process.once("uncaughtException", (error) => {
  if (!(error instanceof SeriatimError)) throw error;
  console.error(error.message);
  process.exit(error.code === "INVALID_ARGUMENT" ? 2 : 1);
});

const [port = "9009", price = "70000.00"] = process.argv.slice(2);
const client = await connectOrderEntry({ port: Number(port), account: 1 });
const [market] = await client.instruments();
const { symbol, name, tick, priceDecimals } = market;

let reference = parsePrice(price, priceDecimals) ?? tick * 10_000;
let inventory = 0;
let isStale = true;
let isEnding = false;
/** Our quotes that may rest. */
const quotes = new Map<bigint, "buy" | "sell">();
/** A session's number leaves its lower half free, and no earlier order that still rests has its upper half in its id. */
let lastId = client.session;

const units = (ticks: number) => formatPrice(ticks, priceDecimals);

/** Our order traded: as the one that came (`fill`) or the one that rested (`restingFill`). */
function onFill({ kind, takerId, makerId, price, quantity }: FillEvent): void {
  const side = quotes.get(kind === "fill" ? takerId : makerId);
  // Somebody else's order on this account: an account's resting orders are told to all its connections.
  if (side === undefined) return;
  inventory += side === "buy" ? quantity : -quantity;
  reference = price;
  isStale = true;
  console.log(`${side === "buy" ? "bought" : "sold"} ${quantity} at ${units(price)}, inventory ${inventory}`);
}

/** Refused where a quote has been filled meanwhile: then there is nothing to cancel. */
async function cancelQuotes(): Promise<void> {
  const ids = [...quotes.keys()];
  await Promise.all(ids.map((id) => client.cancel({ id, symbol })));
  // What the quotes traded until then has been heard: events come in the exchange's order.
  for (const id of ids) quotes.delete(id);
}

async function quote(side: "buy" | "sell", price: number): Promise<void> {
  const id = ++lastId;
  quotes.set(id, side);
  const answer = await client.submit({ id, symbol, side, price, quantity: SIZE });
  if (!answer.accepted) console.log(`${side} at ${units(price)} refused: ${answer.reason}`);
}

async function requote(): Promise<void> {
  isStale = false;
  await cancelQuotes();
  const middle = reference / tick - inventory * SKEW_STEPS;
  const bid = Math.floor(middle - HALF_SPREAD_STEPS) * tick;
  const ask = Math.ceil(middle + HALF_SPREAD_STEPS) * tick;
  await Promise.all([quote("buy", bid), quote("sell", ask)]);
  console.log(`${name}: ${units(bid)} / ${units(ask)}`);
}

client.on("fill", onFill);
client.on("restingFill", onFill);
// npm passes a Ctrl-C on: it comes twice, and the second one must not end this before its quotes are cancelled.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    isEnding = true;
  });
}
// Without a connection there is no market: what rests stays, and whoever started this must know.
client.once("closed", (why) => {
  if (why === undefined) return;
  console.error(why.message);
  process.exit(1);
});

while (!isEnding) {
  if (isStale) await requote();
  await pause(PAUSE_MS);
}
await cancelQuotes();
await client.close();
console.log(`ended with inventory ${inventory}`);
