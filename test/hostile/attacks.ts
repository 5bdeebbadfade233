// The attacks, each a function of a target and a moment at which to stop; it returns what it did, in counts. They run in a process
// of their own (attacker.ts) and are bounded by themselves: by time, and by what they open.

import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import { logOn } from "../../bench/logon.ts";
import { Prng } from "../../src/base/index.ts";
import { signerOf } from "../../src/client/index.ts";
import { Side } from "../../src/protocol/index.ts";
import { mutatedFrame, mutatedText } from "./mutation.ts";
import { breakOff, closed, opened, openMany } from "./sockets.ts";
import {
  ATTACKED_ACCOUNTS,
  LOGON_REQUEST,
  limitOrder,
  logonFrame,
  MESSAGES,
  OPEN_FRAMES,
  SESSION_FRAMES,
} from "./valid.ts";

export interface Target {
  readonly orderPort: number;
  readonly httpPort: number;
  /** Of a trader, for attackers who have one. */
  readonly keyFile: string;
  readonly seed: number;
  /** The longest it may go on. */
  readonly ms: number;
  /** How many of whatever it counts, at most. */
  readonly count: number;
}

/** What it did, by name. */
export type Counts = Readonly<Record<string, number>>;
export type Attack = (target: Target) => Promise<Counts>;

/** Connections an attack has open at once, unless connections are what it is about. */
const LANES = 64;
const LATER_MS = 20;
/** Mutated frames that are sent at once: more than the node judges of them before one ends the connection. */
const FRAMES_AT_ONCE = 8;
/** A signature whose last byte is below this is reckoned with; any other can be refused at sight (RFC 8032, 5.1.7). */
const COSTLY_PROOFS = 16;
const FRAMES_OF_CONNECTION = 400;
const MESSAGES_OF_CONNECTION = 2_000;

/** Connections that are made and never say a word, until the time is over. */
async function idle({ orderPort, count, ms }: Target): Promise<Counts> {
  const sockets = await openMany(orderPort, count);
  let lost = 0;
  for (const socket of sockets) socket.once("close", () => lost++);
  await sleep(ms);
  const stayed = sockets.length - lost;
  breakOff(sockets);
  return { connections: sockets.length, "still there at the end": stayed };
}

/** Whole orders, one byte at a time, on `count` connections. */
async function byteAtATime({ orderPort, count, ms }: Target): Promise<Counts> {
  const until = Date.now() + ms;
  const sockets = await openMany(orderPort, count);
  let bytes = 0;
  for (const socket of sockets) socket.resume();
  for (let n = 0; Date.now() < until; n++) {
    for (const [i, socket] of sockets.entries()) {
      const order = limitOrder(1 + i, 500_000, 1, Side.Buy, true);
      if (!socket.destroyed) socket.write(order.subarray(n % order.length, (n % order.length) + 1));
      bytes++;
    }
    await sleep(1);
  }
  breakOff(sockets);
  return { connections: sockets.length, bytes };
}

/** Orders that rest, of connections that never read; then others sweep through them, who never read either. */
async function neverReaders({ orderPort, count, ms }: Target): Promise<Counts> {
  const until = Date.now() + ms;
  const [makers, takers] = [await openMany(orderPort, LANES), await openMany(orderPort, LANES)];
  let [orders, sweeps] = [0, 0];
  for (let round = 0; Date.now() < until; round++) {
    for (const [i, maker] of makers.entries()) {
      if (maker.destroyed || maker.writableNeedDrain) continue;
      const frames = Array.from({ length: count }, (_, n) =>
        limitOrder(1 + (round * makers.length + i) * count + n, 600_000, 1, Side.Sell),
      );
      maker.write(Buffer.concat(frames));
      orders += count;
    }
    await sleep(LATER_MS);
    for (const taker of takers) {
      if (taker.destroyed || taker.writableNeedDrain) continue;
      taker.write(limitOrder(0x7000_0000 + sweeps++, 600_000, count * LANES, Side.Buy, true));
    }
    await sleep(LATER_MS);
  }
  const closedByNode = [...makers, ...takers].filter(({ destroyed }) => destroyed).length;
  breakOff([...makers, ...takers]);
  return { "resting orders": orders, sweeps, "closed by the node": closedByNode };
}

/** Connections as fast as they come, ended as soon as they stand. */
async function connectFlood({ orderPort, count, ms }: Target): Promise<Counts> {
  const until = Date.now() + ms;
  let [connections, refused] = [0, 0];
  const goesOn = () => connections + refused < count && Date.now() < until;
  await inLanes(goesOn, async () => {
    const socket = await opened(orderPort);
    if (socket === undefined) refused++;
    else {
      connections++;
      breakOff([socket]);
    }
  });
  return { connections, refused };
}

/** Frames that are begun and never finished. */
async function halfFrames({ orderPort, count, ms }: Target): Promise<Counts> {
  const sockets = await openMany(orderPort, count);
  const frame = limitOrder(1, 1, 1, Side.Buy);
  let closedByNode = 0;
  for (const [i, socket] of sockets.entries()) {
    socket.once("close", () => closedByNode++);
    socket.resume();
    socket.write(frame.subarray(0, 1 + (i % (frame.length - 1))));
  }
  await sleep(ms);
  const closedBefore = closedByNode;
  breakOff(sockets);
  return { connections: sockets.length, "closed by the node": closedBefore };
}

/** Frames that are nearly right: a connection sends until it is closed, then the next one does. */
async function mutatedFrames({ orderPort, seed, ms }: Target): Promise<Counts> {
  const until = Date.now() + ms;
  const prngs = Array.from({ length: LANES }, (_, lane) => new Prng(seed * LANES + lane));
  let [frames, connections] = [0, 0];
  const goesOn = () => Date.now() < until;
  await inLanes(goesOn, async (lane) => {
    const socket = await opened(orderPort);
    if (socket === undefined) return;
    connections++;
    const sent = await sendFrames(socket, prngs[lane], OPEN_FRAMES, until);
    frames += sent;
  });
  return { frames, connections };
}

/** Logons with a proof that is none. */
async function wrongProofs({ orderPort, count, ms }: Target): Promise<Counts> {
  const until = Date.now() + ms;
  let attempts = 0;
  await inLanes(
    () => attempts < count && Date.now() < until,
    async (lane) => {
      const socket = await opened(orderPort);
      if (socket === undefined) return;
      attempts++;
      const end = closed(socket);
      const logon = logonFrame({ name: "trader", account: lane }, lane % COSTLY_PROOFS);
      socket.write(Buffer.concat([LOGON_REQUEST, logon]));
      await Promise.race([end, sleep(LATER_MS * 10)]);
      breakOff([socket]);
    },
  );
  return { attempts };
}

/** As mutatedFrames, of who has a key and logs on before. */
async function mutatedSessions({ orderPort, keyFile, seed, ms }: Target): Promise<Counts> {
  const until = Date.now() + ms;
  const signer = signerOf(keyFile);
  const prngs = Array.from({ length: LANES }, (_, lane) => new Prng(seed * LANES + lane));
  let [frames, connections, logons] = [0, 0, 0];
  const goesOn = () => Date.now() < until;
  await inLanes(goesOn, async (lane) => {
    const socket = await opened(orderPort);
    if (socket === undefined) return;
    connections++;
    const account = ATTACKED_ACCOUNTS[lane % ATTACKED_ACCOUNTS.length];
    if (!(await logOn(socket, signer, { account, instance: lane }))) return breakOff([socket]);
    logons++;
    const sent = await sendFrames(socket, prngs[lane], SESSION_FRAMES, until);
    frames += sent;
  });
  return { frames, connections, logons };
}

/** A few at a time until the node closes the connection, or what it has answered has come; returns how many. */
async function sendFrames(
  socket: Socket,
  prng: Prng,
  valid: readonly Uint8Array[],
  until: number,
): Promise<number> {
  const end = closed(socket);
  let sent = 0;
  let answered = Promise.withResolvers<void>();
  socket.on("data", () => answered.resolve());
  while (!socket.destroyed && sent < FRAMES_OF_CONNECTION && Date.now() < until) {
    answered = Promise.withResolvers();
    socket.write(Buffer.concat(Array.from({ length: FRAMES_AT_ONCE }, () => mutatedFrame(prng, valid))));
    sent += FRAMES_AT_ONCE;
    // No answer: a length that is far too large, or a frame cut short. The node waits for the rest, which comes.
    await Promise.race([end, answered.promise, sleep(LATER_MS)]);
  }
  socket.resetAndDestroy();
  await end;
  return sent;
}

/** Messages that are nearly right, over WebSockets. */
async function mutatedMessages({ httpPort, seed, ms }: Target): Promise<Counts> {
  const until = Date.now() + ms;
  const prngs = Array.from({ length: LANES }, (_, lane) => new Prng(seed * LANES + lane));
  let [messages, connections] = [0, 0];
  const goesOn = () => Date.now() < until;
  await inLanes(goesOn, async (lane) => {
    connections++;
    const sent = await sendMessages(httpPort, prngs[lane], MESSAGES_OF_CONNECTION, until);
    messages += sent;
  });
  return { messages, connections };
}

async function sendMessages(port: number, prng: Prng, most: number, until: number): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  const end = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  const isOpen = await Promise.race([
    new Promise<boolean>((resolve) => socket.once("open", () => resolve(true))),
    end.then(() => false),
  ]);
  if (!isOpen) return 0;
  socket.on("message", () => {});
  socket.send(JSON.stringify({ type: "hello", schema: 1, account: String(900 + prng.between(0, 9)) }));
  let sent = 1;
  while (socket.readyState === WebSocket.OPEN && sent < most && Date.now() < until) {
    socket.send(mutatedText(prng, MESSAGES));
    // Below what a connection may send in a second.
    if (++sent % 8 === 0) await Promise.race([end, sleep(LATER_MS)]);
  }
  socket.terminate();
  await end;
  return sent;
}

/** `work` again and again in LANES lanes, as long as `goesOn`. */
async function inLanes(goesOn: () => boolean, work: (lane: number) => Promise<void>): Promise<void> {
  const lane = async (index: number): Promise<void> => {
    while (goesOn()) await work(index);
  };
  await Promise.all(Array.from({ length: LANES }, (_, i) => lane(i)));
}

export const ATTACKS = {
  idle,
  byteAtATime,
  neverReaders,
  connectFlood,
  halfFrames,
  wrongProofs,
  mutatedFrames,
  mutatedSessions,
  mutatedMessages,
} as const satisfies Record<string, Attack>;
export type AttackName = keyof typeof ATTACKS;
