// What nobody handles, where a test wants it: it fails no test.

/** The next rejection or exception of the kind. */
export function unhandled(
  kind: "unhandledRejection" | "uncaughtException" = "unhandledRejection",
): Promise<unknown> {
  const others = process.listeners(kind as "uncaughtException");
  process.removeAllListeners(kind);
  return new Promise((resolve) => {
    process.once(kind as "uncaughtException", (error) => {
      for (const other of others) process.on(kind as "uncaughtException", other);
      resolve(error);
    });
  });
}
