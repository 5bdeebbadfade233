// What iperf3 moves between two processes over loopback with so many connections: it copies nothing further, checks and stores
// nothing. The machine's own measure of a socket, where it is installed.

import { spawn } from "node:child_process";
import { once } from "node:events";

/** Of one run. */
const SECONDS = 2;
/** As long as a batch on its way. */
const WRITE_BYTES = 128 * 1024;
const HOST = "127.0.0.1";

interface Iperf3Report {
  readonly end: { readonly sum_received: { readonly bits_per_second: number } };
}

/** Whether there is one. */
export async function hasIperf3(): Promise<boolean> {
  const child = spawn("iperf3", ["--version"], { stdio: "ignore" });
  const [code] = await once(child, "exit").catch(() => [1]);
  return code === 0;
}

/** Gigabytes a second that were received over `connections` together. */
export async function iperf3(port: number, connections: number): Promise<number> {
  const server = spawn("iperf3", ["-s", "-1", "--forceflush", "-B", HOST, "-p", String(port)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(server, "exit");
  try {
    // It says that it listens.
    await once(server.stdout, "data");
    server.stdout.resume();
    const text = await outputOf([
      ...["-c", HOST, "-p", String(port), "-P", String(connections), "-t", String(SECONDS)],
      ...["-l", String(WRITE_BYTES), "-J"],
    ]);
    return (JSON.parse(text) as Iperf3Report).end.sum_received.bits_per_second / 8e9;
  } finally {
    server.kill();
    await ended;
  }
}

async function outputOf(args: readonly string[]): Promise<string> {
  const child = spawn("iperf3", args, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  let text = "";
  for await (const piece of child.stdout.setEncoding("utf8")) text += piece;
  const [code] = await ended;
  if (code !== 0) throw new Error(`iperf3 ended with ${code}: ${text.slice(0, 200)}`);
  return text;
}
