// Painting once per frame, however much comes in between.

import { afterEach, expect, test, vi } from "vitest";
import { Frames } from "../../web/frames.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

function frames() {
  const asked: FrameRequestCallback[] = [];
  vi.stubGlobal("requestAnimationFrame", (frame: FrameRequestCallback) => asked.push(frame));
  const next = () => {
    for (const frame of asked.splice(0)) frame(0);
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
