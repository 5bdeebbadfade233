// Ports that stay a test's own while nobody listens on them: a node that is killed must find its port again, and its clients
// nobody else there. A port that the system gives is given to others as soon as it is free, and another test's exchange
// would take the orders. So they come in blocks below the range that systems give from, and a listener on the first port
// of a block says that the block is taken.

import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

/** Linux gives ports from 32,768 on, others from 49,152. */
const [FIRST, END] = [20_000, 32_768];
const BLOCK = 16;
const TRIES = 100;

/** Up to 15 ports that are free, for as long as this process lives. */
export async function reservePorts(count: number): Promise<readonly number[]> {
  if (count >= BLOCK) throw new Error(`a block has ${BLOCK - 1} ports`);
  for (let tries = 0; tries < TRIES; tries++) {
    const base = FIRST + BLOCK * randomInt((END - FIRST) / BLOCK);
    const sign = await listening(base);
    if (sign === undefined) continue;
    const ports = Array.from({ length: count }, (_, i) => base + 1 + i);
    const tried = await Promise.all(ports.map(listening));
    for (const server of tried) server?.close();
    if (tried.every((server) => server !== undefined)) return ports;
    sign.close();
  }
  throw new Error(`no ${count} ports are free in ${TRIES} blocks`);
}

/** A listener that keeps nobody from ending; undefined when the port is taken. */
function listening(port: number): Promise<Server | undefined> {
  const server = createServer().unref();
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
