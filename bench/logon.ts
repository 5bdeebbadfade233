// A raw socket that logs on to order entry 2: for loads and attackers that count frames themselves.

import { once } from "node:events";
import type { Socket } from "node:net";
import type { Signer } from "../src/client/index.ts";
import {
  encodeLogonRequest,
  encodeSessionLogon,
  FRAME_HEADER_BYTES,
  frameBytes,
  frameType,
  type LogonTerms,
  MessageType,
  putSessionProof,
  readSessionChallenge,
  sessionStatement,
} from "../src/protocol/index.ts";

/** The longest wait for one answer. */
const ANSWER_MS = 5_000;

/** What a logon says beside whose it is; all of it is left out by default. */
export type SocketLogon = Partial<LogonTerms> & Pick<LogonTerms, "account">;

/** Logs on over a connected socket of which nothing was read yet. False: refused, closed, or no answer. */
export async function logOn(socket: Socket, signer: Signer, logon: SocketLogon): Promise<boolean> {
  socket.write(framed(frameBytes(MessageType.LogonRequest), encodeLogonRequest));
  const challenge = await nextFrame(socket);
  if (challenge === undefined || frameType(challenge, 0) !== MessageType.Challenge) return false;
  const terms = {
    name: signer.name,
    instance: 0,
    flags: 0,
    next: 0,
    deadMan_ms: 0,
    heartbeat_ms: 0,
    ...logon,
  };
  const frame = framed(frameBytes(MessageType.Logon), (view, at) => encodeSessionLogon(view, at, terms));
  const view = new DataView(frame.buffer);
  putSessionProof(view, 0, signer.prove(sessionStatement(view, 0, readSessionChallenge(challenge, 0))));
  socket.write(frame);
  const answer = await nextFrame(socket);
  return answer !== undefined && frameType(answer, 0) === MessageType.LogonAck;
}

function framed(bytes: number, write: (view: DataView, at: number) => number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(bytes);
  write(new DataView(frame.buffer), 0);
  return frame;
}

/** What the node sends next: at a logon that is one frame at a time. */
async function nextFrame(socket: Socket): Promise<DataView | undefined> {
  const gone = new AbortController();
  const late = setTimeout(() => gone.abort(), ANSWER_MS);
  socket.once("close", () => gone.abort());
  try {
    const [bytes] = (await once(socket, "data", { signal: gone.signal })) as [Uint8Array];
    if (bytes.length < FRAME_HEADER_BYTES) return undefined;
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch {
    return undefined;
  } finally {
    clearTimeout(late);
  }
}
