// Sockets as attackers have them: opened a few at a time, so that a flood of them is the attack's and not this file's, and ended
// without a trace. None of them throws for what the other side does.

import { connect, type Socket } from "node:net";

/** Connections that are being made at once: the kernel's queue of a listener holds some hundred. */
const OPENING_MAX = 100;
/** The longest a connection may take to be made, in milliseconds. */
const OPEN_MS = 10_000;

/** A socket that is connected; undefined when it could not be. Nothing is read from it until somebody listens for data. */
export function opened(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    const settle = (result: Socket | undefined): void => {
      clearTimeout(timer);
      resolve(result);
    };
    const timer = setTimeout(() => {
      socket.destroy();
      settle(undefined);
    }, OPEN_MS);
    socket.once("connect", () => settle(socket));
    socket.on("error", () => settle(undefined));
  });
}

/** So many connections as can be had. */
export async function openMany(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left--;
      const socket = await opened(port);
      if (socket !== undefined) sockets.push(socket);
    }
  };
  await Promise.all(Array.from({ length: Math.min(OPENING_MAX, count) }, lane));
  return sockets;
}

/** Resolves when the socket is closed, whoever did it; what still comes is read and dropped. */
export function closed(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    socket.on("end", () => socket.destroy());
    socket.resume();
  });
}

/** Gone at once, and nothing of it stays in the kernel's tables. */
export function breakOff(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.resetAndDestroy();
}
