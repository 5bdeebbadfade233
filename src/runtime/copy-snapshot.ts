// An application's canonical state in one piece of memory that can be given to another thread.

import type { Application } from "../base/index.ts";

export function copySnapshot(application: Pick<Application, "snapshot">): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  application.snapshot((piece) => {
    pieces.push(piece.slice());
    bytes += piece.length;
  });
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
