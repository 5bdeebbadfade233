import { expect, test } from "vitest";
import * as library from "ws";
import { TextFrames } from "../../../../src/node/web/sockets/text-frames.ts";

/** The types don't know that it is exported. */
const { Receiver } = library as unknown as {
  Receiver: new (options: { isServer: boolean }) => NodeJS.WritableStream;
};

/** What the library's own reader makes of a frame. */
function read(frame: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver({ isServer: false });
    receiver.on("message", (data: Buffer, isBinary: boolean) =>
      resolve(isBinary ? "binary" : data.toString()),
    );
    receiver.on("error", reject);
    receiver.write(frame);
  });
}

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])(
  "a text of %i bytes is one whole text frame",
  async (length) => {
    const text = "a".repeat(length);
    expect(await read(new TextFrames().of(text))).toBe(text);
  },
);

test("lengths are of bytes, not of characters", async () => {
  const text = "€".repeat(100);
  expect(await read(new TextFrames().of(text))).toBe(text);
});

test("the same text is the same frame within a turn, and is forgotten after it", async () => {
  const frames = new TextFrames();
  const first = frames.of("one");
  expect(frames.of("one")).toBe(first);
  await new Promise((resolve) => setImmediate(resolve));
  expect(frames.of("one")).not.toBe(first);
});
