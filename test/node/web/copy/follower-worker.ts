// A follower on a thread of its own: follows every handover it is sent; sent a position, it answers with the state's hash
// there.

import { setImmediate as nextTurn } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import type { Handover } from "../../../../src/node/web/copy/command-feed.ts";
import { type EventListener, Follower } from "../../../../src/node/web/copy/follower.ts";
import { hashOf } from "../support.ts";

const listener = { isAwaited: true, onEvents() {}, endCommand() {}, onReset() {}, flush() {} };
let follower: Follower<EventListener> | undefined;

async function answer(position: number): Promise<void> {
  while (follower?.position !== position) await nextTurn();
  parentPort?.postMessage(hashOf(follower.engine));
}

parentPort?.on("message", (message: Handover | number) => {
  if (typeof message === "number") answer(message);
  else if (follower !== undefined) follower.follow(message);
  else {
    follower = new Follower(
      message,
      () => listener,
      (error) => {
        throw error;
      },
    );
  }
});
