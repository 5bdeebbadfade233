// The subscribers of the bench, a process of their own: browsers' worth of WebSocket connections on every channel of
// every symbol, some of which never read again once they are subscribed. They stand for browsers on other machines, so they
// cost as little as can be here: bytes are counted and thrown away, and the processor is taken when nobody else wants it.

import { spawnSync } from "node:child_process";
import { connect, type Socket } from "node:net";
import { constants, setPriority } from "node:os";

setPriority(constants.priority.PRIORITY_LOW);
// Linux lets a waking thread wait for the time slice of a running one, however nice; not for the slice of an idle-class one.
spawnSync("chrt", ["--all-tasks", "--idle", "--pid", "0", String(process.pid)]);

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
  /** Since the last report. */
  readonly bytes: number;
}

const CHANNELS = ["depth", "quotes", "trades", "candles", "status"];
const HELLO = [
  { type: "hello", schema: 1 },
  { type: "subscribe", channels: CHANNELS },
];
/** Less than two bytes of length say. */
const FRAME_TEXT_BYTES_MAX = 125;

let sockets: Socket[] = [];
let bytes = 0;
/** Where everything is read into. */
const sink = Buffer.alloc(65_536);

function open(port: number, stalls: boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const callback = (count: number): boolean => {
      bytes += count;
      if (!isAnswered) {
        isAnswered = true;
        for (const message of HELLO) socket.write(maskedFrame(JSON.stringify(message)));
        resolve(socket);
      }
      // False: nothing is read from here on.
      return !stalls;
    };
    const socket = connect({ host: "127.0.0.1", port, onread: { buffer: sink, callback } });
    socket.on("error", reject);
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
  });
}

/** A client's text frame; its mask is zero, which changes nothing. */
function maskedFrame(text: string): Buffer {
  if (text.length > FRAME_TEXT_BYTES_MAX) throw new Error("the readers' messages are short");
  return Buffer.concat([Buffer.of(0x81, 0x80 | text.length, 0, 0, 0, 0), Buffer.from(text)]);
}

async function take({ port, reading, stalled }: ReadersOrder): Promise<ReadersResult> {
  for (const socket of sockets) socket.destroy();
  const opened = Array.from({ length: reading + stalled }, (_, i) => open(port, i >= reading));
  sockets = await Promise.all(opened);
  return report();
}

function report(): ReadersResult {
  const result = { bytes };
  bytes = 0;
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
