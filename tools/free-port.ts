// Ports for servers that others must know before they listen. They lie below those that the system gives out by itself: one of these,
// free a moment ago, may be the next connection's of whoever runs beside.

import { createServer } from "node:net";

const FIRST = 12_000;
const LAST = 32_000;

/** Other processes begin elsewhere. */
let last = FIRST + Math.floor(Math.random() * (LAST - FIRST));

/** One of 127.0.0.1 that nobody listens on, each time another one. */
export async function freePort(): Promise<number> {
  for (let tries = FIRST; tries <= LAST; tries++) {
    last = last < LAST ? last + 1 : FIRST;
    if (await isFree(last)) return last;
  }
  throw new Error(`no port from ${FIRST} to ${LAST} is free`);
}

/** So many, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

/** Nobody listens on it on 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
