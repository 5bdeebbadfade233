// A process of publishers: node publishers-worker.ts '{"port": ..., ...}'. Ends in order on SIGTERM, when all that they sent is
// acknowledged. A parent that talks to it is told four times a second how far each has come, and what was wrong.

import { join } from "node:path";
import { Prng } from "../../src/base/index.ts";
import { LibraryPublisher } from "./library-publisher.ts";
import { BatchMaker } from "./marked-batch.ts";
import { LedgerWriter } from "./publisher-ledger.ts";
import { type PublisherPlan, type PublisherTools, WirePublisher } from "./wire-publisher.ts";

export interface PublishersPlan {
  readonly port: number;
  readonly seed: number;
  readonly publishers: readonly PublisherPlan[];
  readonly windowBytes: number;
  readonly largestOneIn: number;
  /** Of all together. */
  readonly bytesPerSecond: number;
  /** Where the ledgers are; "": none. */
  readonly ledgers: string;
}

/** To the parent. */
export interface PublishersWord {
  readonly publishers: readonly {
    readonly publisher: number;
    readonly batches: number;
    readonly bytes: number;
  }[];
  /** Of the time, how much the parent's bound held all of them back. */
  readonly heldBackShare: number;
  readonly complaints: readonly string[];
}

/** From the parent: how many bytes may be made in all. */
export interface PublishersBound {
  readonly bytesMax: number;
}

const TICK_MS = 10;
const WORD_MS = 250;

const plan = JSON.parse(process.argv[2]) as PublishersPlan;
const prng = new Prng(plan.seed);
const maker = new BatchMaker();
const complaints: string[] = [];
let madeBytes = 0;
/** Grows with time by the rate; a batch may overdraw it. */
let allowance = 0;
let bytesMax = process.send === undefined ? Number.MAX_SAFE_INTEGER : 0;

const publishers = plan.publishers.map((one) =>
  startPublisher(one, {
    port: plan.port,
    prng,
    maker,
    windowBytes: plan.windowBytes,
    largestOneIn: plan.largestOneIn,
    ...(plan.ledgers === "" ? {} : { ledger: new LedgerWriter(join(plan.ledgers, String(one.publisher))) }),
    mayMake: () => allowance > 0 && madeBytes < bytesMax,
    made: (bytes) => {
      madeBytes += bytes;
      allowance -= bytes;
    },
    complain: (what) => {
      complaints.push(what);
      if (process.send === undefined) console.error(what);
    },
  }),
);

function startPublisher(one: PublisherPlan, tools: PublisherTools): WirePublisher | LibraryPublisher {
  return one.library === undefined ? new WirePublisher(one, tools) : new LibraryPublisher(one, tools);
}

/** Who is asked first changes from tick to tick: no publisher stands before the others. */
let first = 0;
let last_ms = performance.now();
let [ticks, heldTicks] = [0, 0];
const ticking = setInterval(() => {
  const now_ms = performance.now();
  const grown = (plan.bytesPerSecond * (now_ms - last_ms)) / 1_000;
  last_ms = now_ms;
  allowance = Math.min(allowance + grown, plan.bytesPerSecond / 10);
  ticks++;
  if (madeBytes >= bytesMax) heldTicks++;
  first = (first + 1) % publishers.length;
  for (let i = 0; i < publishers.length; i++) publishers[(first + i) % publishers.length].pump();
}, TICK_MS);
const telling = setInterval(tell, WORD_MS);

function tell(): void {
  const all = publishers.map(({ plan: { publisher }, batches, bytes }) => ({ publisher, batches, bytes }));
  const word: PublishersWord = { publishers: all, heldBackShare: heldTicks / Math.max(1, ticks), complaints };
  process.send?.(word);
}

process.on("message", (bound: PublishersBound) => {
  bytesMax = bound.bytesMax;
});
process.once("SIGTERM", async () => {
  await Promise.all(publishers.map((publisher) => publisher.end()));
  clearInterval(ticking);
  clearInterval(telling);
  tell();
  if (process.connected) process.disconnect();
});
