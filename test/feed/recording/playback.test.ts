// When a player sends what, on an injected clock.

import { expect, test } from "vitest";
import { Playback, Recording, TakeReader } from "../../../src/feed/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { placeOn, SmallRecorder } from "./support.ts";

const START_us = 1_700_000_000_000_000;
/** When each byte of the take came in, in milliseconds after its beginning. */
const ARRIVALS_ms = [10, 20, 20, 1_000, 1_005];

/** A take whose chunk n is the byte n + 1, twice. */
function take(): TakeReader {
  const disk = new SimulatedDisk();
  const recorder = new SmallRecorder(disk);
  recorder.begin(START_us);
  for (const [n, at_ms] of ARRIVALS_ms.entries()) {
    recorder.data({ bytes: Uint8Array.of(n + 1, n + 1), arrival_us: START_us + at_ms * 1_000 });
    recorder.flush();
  }
  recorder.end(START_us + 2_000_000);
  recorder.close();
  return new TakeReader(new Recording(placeOn(disk)), 1);
}

/** What is handed out by calls at these times (ms), as `due of the next: bytes`. */
function handedOut(playback: Playback, times_ms: readonly number[], room = 64): string[] {
  const out = new Uint8Array(room);
  return times_ms.map((at_ms) => {
    const filled = playback.fill(out, 5_000_000 + at_ms * 1_000);
    const next = playback.isOver ? "over" : (playback.due_us - 5_000_000) / 1_000;
    return `${next}: ${Array.from(out.subarray(0, filled)).join("")}`;
  });
}

test.each([
  {
    speed: 1,
    at: [0, 9, 10, 500, 1_004, 1_005],
    says: ["10: ", "10: ", "20: 11", "1000: 2233", "1005: 44", "over: 55"],
  },
  {
    speed: 10,
    at: [0, 1, 2, 99, 100, 101],
    says: ["1: ", "2: 11", "100: 2233", "100: ", "100.5: 44", "over: 55"],
  },
  { speed: Number.POSITIVE_INFINITY, at: [0, 1], says: ["over: 1122334455", "over: "] },
])("at speed $speed everything is sent when it is due, and not before", ({ speed, at, says }) => {
  expect(handedOut(new Playback(take(), speed, START_us), at)).toEqual(says);
});

test("whoever is late is sent all that was due meanwhile; what has no room comes next", () => {
  const playback = new Playback(take(), 1, START_us);
  expect(handedOut(playback, [0, 900, 900, 900, 2_000], 3)).toEqual([
    "10: ",
    "20: 112",
    "20: 233",
    "1000: ",
    "1005: 445",
  ]);
  expect(handedOut(playback, [2_000], 3)).toEqual(["over: 5"]);
});

test("from a moment on, what came before is left out, and its time begins there", () => {
  const reader = take();
  reader.seek(START_us + 995_000);
  const playback = new Playback(reader, 1, START_us + 995_000);
  expect(handedOut(playback, [0, 5, 10])).toEqual(["5: ", "10: 44", "over: 55"]);
});
