// A program that publishes records through the client library, one by one, as fast as it takes them: a process of its own.

import { TapePublisher } from "../../src/tape-runtime/index.ts";

export interface LibraryOrder {
  readonly port: number;
  readonly records: number;
  readonly valueBytes: number;
}

export interface LibraryResult {
  /** Until the last record was acknowledged. */
  readonly seconds: number;
}

async function publish({ port, records, valueBytes }: LibraryOrder): Promise<LibraryResult> {
  const publisher = await TapePublisher.connect({ host: "127.0.0.1", port, topic: "bench", publisher: 1 });
  const value = new Uint8Array(valueBytes).fill(7);
  const start_ms = performance.now();
  for (let i = 0; i < records; i++) {
    while (!publisher.append(value)) await publisher.room();
  }
  await publisher.flush();
  const seconds = (performance.now() - start_ms) / 1e3;
  await publisher.close();
  return { seconds };
}

process.on("message", (order: LibraryOrder) => {
  publish(order).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
