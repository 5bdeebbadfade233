// The matching engine as a library: no sockets, no threads, no clock. Commands go in, events come out, and the whole
// state is one hash. In a clone: npm run example examples/embedded-engine.ts

import { ExchangeEngine, NativeChecksums, RecordBuffer, stateHash } from "seriatim";
import {
  COMMAND_WORDS,
  EVENT_WORDS,
  EventKind,
  formatPrice,
  OrderType,
  readEvent,
  reasonName,
  Side,
  TimeInForce,
  writeGenesis,
  writeInstrument,
  writeNewOrder,
} from "seriatim/protocol";

const GOLD = { name: "XAU-USD", priceDecimals: 2, tick: 10, lot: 1 };
const [ALICE, BOB] = [1, 2];

/** A command is 80 bytes; this one is used again and again. */
const command = new Int32Array(COMMAND_WORDS);

/** Takes the events of a command, however many there are. */
const events = new RecordBuffer(EVENT_WORDS, 64, (buffer) => {
  for (let i = 0; i < buffer.count; i++) print(readEvent(buffer.words, i * EVENT_WORDS));
});

function print({
  kind,
  account,
  orderId,
  makerId,
  price,
  quantity,
  reason,
}: ReturnType<typeof readEvent>): void {
  const at = formatPrice(price, GOLD.priceDecimals);
  if (kind === EventKind.Accept) console.log(`  account ${account}: order ${orderId} accepted`);
  if (kind === EventKind.Trade)
    console.log(`  order ${orderId} took ${quantity} from order ${makerId} at ${at}`);
  if (kind === EventKind.Reject) console.log(`  account ${account}: refused, ${reasonName(reason)}`);
}

function apply(engine: ExchangeEngine): void {
  engine.apply(command, 0, events);
  events.drain();
}

/** A limit order that rests until it is filled. Prices are whole numbers of the smallest unit: here cents. */
function limitOrder(account: number, id: number, side: Side, price: number, quantity: number): void {
  const { Limit } = OrderType;
  writeNewOrder(command, 0, account, 0, id, 0, side, Limit, TimeInForce.GoodTillCancel, price, 0, quantity);
}

/** The first command of every log says how large everything may get; the instruments follow. */
function begin(engine: ExchangeEngine): void {
  const sizes = { ordersMax: 10_000, symbolsMax: 16, accountsMax: 100 };
  const limits = { maxQuantity: 1_000_000, maxNotional: 1e12 };
  writeGenesis(command, 0, { ...sizes, ...limits, indexSeed: [1, 2] }, 1);
  apply(engine);
  writeInstrument(command, 0, GOLD);
  apply(engine);
}

const engine = new ExchangeEngine();
begin(engine);

console.log("Alice offers gold at two prices:");
limitOrder(ALICE, 1, Side.Sell, 240_050, 5);
apply(engine);
limitOrder(ALICE, 2, Side.Sell, 240_070, 5);
apply(engine);

console.log("Bob buys 7, at up to 2400.70:");
limitOrder(BOB, 1, Side.Buy, 240_070, 7);
apply(engine);

console.log("Alice uses an id that rests already:");
limitOrder(ALICE, 2, Side.Sell, 240_090, 1);
apply(engine);

const [best] = engine.book(0).asks;
console.log(`Best offer: ${best.total} at ${formatPrice(best.price, GOLD.priceDecimals)}`);

// The whole state as bytes: another engine goes on from it, and the two are the same to the last bit.
const pieces: Uint8Array[] = [];
engine.snapshot((piece) => pieces.push(piece.slice()));
const copy = new ExchangeEngine();
copy.restore(Buffer.concat(pieces), engine.position);

limitOrder(BOB, 2, Side.Buy, 240_000, 1);
console.log("The same command on the engine and on its copy:");
apply(engine);
apply(copy);
const checksums = new NativeChecksums();
const [hash, hashOfCopy] = [engine, copy].map((each) =>
  Buffer.from(stateHash(each, checksums)).toString("hex"),
);
console.log(`State ${hash.slice(0, 16)}..., copy ${hash === hashOfCopy ? "the same" : "DIFFERENT"}`);
