// A feed that sends what a test tells it to, and a client that keeps what it is sent.

import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Recording, RecordKind, TakeReader } from "../../../src/feed/index.ts";
import { NativeChecksums, NodeStorage } from "../../../src/platform/index.ts";

export const storage = new NodeStorage();

export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-recording-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Every connection is given to `serve`; resolves with the port. */
export async function startFeed(serve: (socket: Socket, number: number) => void): Promise<number> {
  let number = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    serve(socket, ++number);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

/** Everything that a server on `port` sends until it ends the connection; `word` is said first. */
export function receiveAll(port: number, word = ""): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const socket = connect({ host: "127.0.0.1", port });
  if (word !== "") socket.write(word);
  return new Promise((resolve, reject) => {
    socket.on("data", (bytes: Buffer) => chunks.push(bytes));
    socket.on("end", () => resolve(Buffer.concat(chunks)));
    socket.on("error", reject);
  });
}

/** The bytes of a take, as they lie in the files. */
export function takeBytes(directory: string, take: number): Buffer {
  const recording = new Recording({ storage, checksums: new NativeChecksums(), directory });
  const reader = new TakeReader(recording, take);
  const { record } = reader;
  const chunks: Buffer[] = [];
  while (reader.next()) {
    if (record.kind === RecordKind.Data) chunks.push(Buffer.from(record.bytes.slice(record.from, record.to)));
  }
  reader.close();
  return Buffer.concat(chunks);
}
