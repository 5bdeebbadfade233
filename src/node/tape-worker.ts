// The tape's own thread in a node.
//
//   the node's thread          this thread
//                 <- message <---  listening: the ports; or failed
//                 <- message <---  figures, once a second and in the end
//                 <- message <---  notice: a topic takes nothing more, the others go on
//   stop          -> message --->  ends in order, and itself
//                 <- message <---  failed: what ended the tape, before or while it stops

import { parentPort, workerData } from "node:worker_threads";
import { SeriatimError } from "../base/index.ts";
import { letOthersGoFirst } from "../platform/index.ts";
import type { HostPort } from "../runtime/index.ts";
import type { TapeFigures } from "../tape/index.ts";
import { RareNotices } from "./rare-notices.ts";
import { startTapeProgram, type TapeProgramOptions } from "./tape-program.ts";

export type TapeWorkerMessage =
  | { readonly kind: "listening"; readonly port: number; readonly own: HostPort }
  | { readonly kind: "figures"; readonly figures: TapeFigures }
  | { readonly kind: "notice"; readonly message: string }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly exitCode: 1 | 2 };

const FIGURES_MS = 1_000;

// However much is published, those who trade are served first.
letOthersGoFirst();

const port = parentPort;

function say(message: TapeWorkerMessage): void {
  port?.postMessage(message);
}

function fail(error: unknown): void {
  const known = error instanceof SeriatimError;
  const message = known ? error.message : `a bug: ${String(error)}`;
  say({ kind: "failed", code: known ? error.code : "BUG", message, exitCode: known ? error.exitCode : 1 });
}

async function run(): Promise<void> {
  const notices = new RareNotices((message) => say({ kind: "notice", message }));
  const program = await startTapeProgram(workerData as TapeProgramOptions, notices.add);
  say({ kind: "listening", port: program.port, own: program.own });
  const tell = (): void => say({ kind: "figures", figures: program.figures() });
  tell();
  const ticker = setInterval(tell, FIGURES_MS);
  const told = new Promise<undefined>((resolve) => port?.once("message", () => resolve(undefined)));
  const failure = await Promise.race([program.failed, told]);
  if (failure !== undefined) fail(failure);
  clearInterval(ticker);
  tell();
  await program.stop();
  // The port is what keeps the thread alive.
  port?.close();
}

run().catch((error: unknown) => {
  fail(error);
  port?.close();
});
