// The subscribers of the bench, a process of their own: browsers' worth of WebSocket connections on every channel of
// every symbol, some of which never read again once they are subscribed.

import { WebSocket } from "ws";

export interface ReadersOrder {
  /** The node's HTTP port. */
  readonly port: number;
  readonly reading: number;
  /** Subscribed like the others, but they take nothing from their sockets. */
  readonly stalled: number;
}

/** Asks what has come since the last report. */
export interface ReportWanted {
  readonly report: true;
}

export interface ReadersResult {
  /** Messages since the last report. */
  readonly messages: number;
  /** Of the stalled ones: disconnected by the node by now. */
  readonly stalledClosed: number;
}

const CHANNELS = ["depth", "quotes", "trades", "candles", "status"];

let sockets: WebSocket[] = [];
let messages = 0;
let stalledClosed = 0;

function open(port: number, stalls: boolean): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { perMessageDeflate: false });
    socket.on("error", reject);
    socket.on("open", () => {
      socket.send(JSON.stringify({ type: "hello", schema: 1 }));
      socket.send(JSON.stringify({ type: "subscribe", channels: CHANNELS }));
      resolve(socket);
    });
    socket.on("close", () => {
      if (stalls) stalledClosed++;
    });
    socket.on("message", () => {
      messages++;
      // After the welcome, so that the node has taken the subscription.
      if (stalls) socket.pause();
    });
  });
}

async function take({ port, reading, stalled }: ReadersOrder): Promise<ReadersResult> {
  for (const socket of sockets) socket.terminate();
  const opened = Array.from({ length: reading + stalled }, (_, i) => open(port, i >= reading));
  sockets = await Promise.all(opened);
  return report();
}

function report(): ReadersResult {
  const result = { messages, stalledClosed };
  messages = 0;
  return result;
}

process.on("message", (order: ReadersOrder | ReportWanted) => {
  if ("report" in order) {
    process.send?.(report());
    return;
  }
  take(order).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ error: String(error) }),
  );
});
