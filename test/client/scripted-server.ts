// A stand-in for an exchange: every frame a client sends is handed to a script, whose bytes go back.

import { createServer, type Server, type Socket } from "node:net";
import { fromLanes } from "../../src/base/index.ts";
import {
  encodeAck,
  encodeFill,
  encodeHeartbeatAck,
  encodeHelloAck,
  encodeInstrument,
  encodeReject,
  FRAME_HEADER_BYTES,
  frameLength,
  frameSequenceHigh,
  frameSequenceLow,
  frameType,
  HeartbeatLayout,
  HelloLayout,
  MessageType,
  NewOrderLayout,
  readHelloFlags,
  readLowLane,
} from "../../src/protocol/index.ts";

/** What a script knows of a frame; `id` is the low lane of the field every order request starts with. */
interface Frame {
  readonly type: MessageType;
  readonly id: number;
  /** Of requests on orders. */
  readonly symbol?: number;
  /** Of requests on orders: the request's number. */
  readonly number?: number;
  /** Of Hello. */
  readonly flags?: number;
}

export type Script = (frame: Frame, socket: Socket) => Uint8Array[];

export interface ScriptedServer {
  readonly port: number;
  readonly server: Server;
  readonly sockets: Socket[];
  readonly frames: Frame[];
  close(): Promise<void>;
}

function frame(encode: (view: DataView) => number): Uint8Array {
  const view = new DataView(new ArrayBuffer(128));
  return new Uint8Array(view.buffer, 0, encode(view));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

export const say = {
  ack: (id: number, sequence: number) => frame((b) => encodeAck(b, 0, id, 0, sequence, 0)),
  reject: (id: number, reason: number) => frame((b) => encodeReject(b, 0, id, 0, reason)),
  fill: (taker: number, maker: number, price: number, quantity: number, sequence: number) =>
    frame((b) => encodeFill(b, 0, MessageType.Fill, taker, 0, maker, 0, price, 0, quantity, sequence, 0)),
  restingFill: (taker: number, maker: number, price: number, quantity: number, sequence: number) =>
    frame((b) =>
      encodeFill(b, 0, MessageType.RestingFill, taker, 0, maker, 0, price, 0, quantity, sequence, 0),
    ),
  helloAck: (account: number, session: number) => frame((b) => encodeHelloAck(b, 0, account, session, 0)),
  heartbeatAck: (token: number) => frame((b) => encodeHeartbeatAck(b, 0, token, 0)),
  instrument: (symbol: number, name: string) =>
    frame((b) => encodeInstrument(b, 0, symbol, { name, priceDecimals: 2, tick: 1, lot: 1 })),
};

/** Answers like an exchange where everything is accepted and nothing trades. */
export const acceptAll: Script = (() => {
  let sequence = 0;
  return ({ type, id }: Frame) => {
    if (type === MessageType.Hello) return [say.helloAck(id, 77)];
    if (type === MessageType.Heartbeat) return [say.heartbeatAck(id)];
    if (type === MessageType.Instruments) return [say.instrument(0, "A"), say.instrument(1, "B")];
    return [say.ack(id, ++sequence)];
  };
})();

export async function startScriptedServer(
  script: Script,
  splitBytes = 0,
  onPort = 0,
): Promise<ScriptedServer> {
  const sockets: Socket[] = [];
  const frames: Frame[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    let rest: Uint8Array = new Uint8Array();
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= FRAME_HEADER_BYTES && rest.length >= frameLength(viewOf(rest), 0)) {
        const seen = readFrame(viewOf(rest));
        frames.push(seen);
        rest = rest.subarray(frameLength(viewOf(rest), 0));
        for (const bytes of script(seen, socket)) writeSplit(socket, bytes, splitBytes);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(onPort, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  return { port, server, sockets, frames, close };
}

function readFrame(view: DataView): Frame {
  const type = frameType(view, 0);
  const body = FRAME_HEADER_BYTES;
  if (type === MessageType.Hello) {
    return { type, id: view.getUint32(body + HelloLayout.account), flags: readHelloFlags(view, 0) };
  }
  if (type === MessageType.Heartbeat) return { type, id: readLowLane(view, body + HeartbeatLayout.token) };
  if (type === MessageType.Instruments) return { type, id: 0 };
  const symbol = view.getUint32(body + NewOrderLayout.symbol);
  const number = fromLanes(frameSequenceLow(view, 0), frameSequenceHigh(view, 0));
  return { type, id: readLowLane(view, body + NewOrderLayout.orderId), symbol, number };
}

function writeSplit(socket: Socket, bytes: Uint8Array, splitBytes: number): void {
  if (splitBytes === 0) {
    socket.write(bytes);
    return;
  }
  socket.setNoDelay(true);
  for (let at = 0; at < bytes.length; at += splitBytes) socket.write(bytes.slice(at, at + splitBytes));
}
