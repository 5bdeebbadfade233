// Painting once per frame, however much comes in between.

import { afterEach, expect, test, vi } from "vitest";
import { Frames } from "../../web/frames.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

function frames() {
  const asked: FrameRequestCallback[] = [];
  vi.stubGlobal("requestAnimationFrame", (frame: FrameRequestCallback) => asked.push(frame));
  const next = (now_ms = 0) => {
    for (const frame of asked.splice(0)) frame(now_ms);
  };
  return { frames: new Frames(), asked, next };
}

test("ten thousand messages between two frames are painted once", () => {
  const { frames: painted, asked, next } = frames();
  let count = 0;
  painted.add(() => count++);
  next();
  for (let i = 0; i < 10_000; i++) painted.ask();
  expect(asked).toHaveLength(1);
  next();
  expect(count).toBe(2);
});

test("nothing is painted while nothing comes, and a painter that was taken out never", () => {
  const { frames: painted, asked, next } = frames();
  let count = 0;
  const end = painted.add(() => count++);
  next();
  expect(asked).toHaveLength(0);
  end();
  painted.ask();
  next();
  expect(count).toBe(1);
});

test("a painter with a pace of its own is not run sooner, and its last picture is painted too", () => {
  const { frames: painted, asked, next } = frames();
  const times: number[] = [];
  let now_ms = 0;
  painted.add(() => times.push(now_ms), 100);
  for (now_ms = 0; now_ms < 150; now_ms += 16) {
    painted.ask();
    next(now_ms);
  }
  // Asked for once more after the last picture: it comes when it is time, and then nothing is asked for any more.
  painted.ask();
  for (; asked.length > 0; now_ms += 16) next(now_ms);
  expect(times).toEqual([0, 112, 224]);
});
