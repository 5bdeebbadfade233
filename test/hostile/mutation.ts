// Frames and messages that are nearly right: what a program with a fault, or one that looks for faults, would send. A valid one
// is taken and a few things about it are changed where they matter: lengths, types, versions, enums, numbers at their edges.
// The same seed gives the same sequence.

import type { Prng } from "../../src/base/index.ts";

/** Numbers at which something changes, as u32. */
const EDGES = [
  0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0xfff, 0x1000, 0x1001, 0x7fffffff, 0x80000000, 0xffffffff,
];
/** Changes of one frame, at most. */
const CHANGES_MAX = 3;
/** What is appended, or cut off, at most. */
const PIECE_BYTES_MAX = 40;

/** Of all frames, those in which nothing but values is changed: most of them decode, and the next frame is judged too. */
const VALUES_ONLY = 0.8;

/** A valid frame with one to three changes, and the frame's own length unless that is what is changed. */
export function mutatedFrame(prng: Prng, valid: readonly Uint8Array[]): Uint8Array {
  let frame: Uint8Array = prng.pick(valid).slice();
  const changes = prng.chance(VALUES_ONLY) ? VALUE_CHANGES : FRAME_CHANGES;
  for (let left = prng.between(1, CHANGES_MAX); left > 0; left--)
    frame = prng.pick(changes)(frame, prng, valid);
  return frame;
}

type FrameChange = (frame: Uint8Array, prng: Prng, valid: readonly Uint8Array[]) => Uint8Array;

const VALUE_CHANGES: readonly FrameChange[] = [
  // A byte of the body at an edge: enums, flags.
  (frame, prng) =>
    changed(frame, (view, length) =>
      view.setUint8(bodyPlace(prng, length, 1), prng.pick([0, 1, 2, 3, 4, 127, 128, 255])),
    ),
  // A word of the body at an edge: symbols, quantities, halves of prices and ids.
  (frame, prng) =>
    changed(frame, (view, length) => view.setUint32(bodyPlace(prng, length, 4), prng.pick(EDGES))),
  // Its number: known ones, old ones, the highest.
  (frame, prng) => changed(frame, (view) => view.setUint32(prng.pick([8, 12]), prng.pick(EDGES))),
];

const FRAME_CHANGES: readonly FrameChange[] = [
  ...VALUE_CHANGES,
  // A bit somewhere.
  (frame, prng) => changed(frame, (view, length) => flip(view, prng.between(0, length - 1), prng)),
  // Its type, its version, its length.
  (frame, prng) =>
    changed(frame, (view) => view.setUint16(0, prng.chance(0.8) ? prng.between(0, 40) : prng.u32() & 0xffff)),
  (frame, prng) => changed(frame, (view) => view.setUint16(2, prng.between(0, 3))),
  (frame, prng) => changed(frame, (view) => view.setUint32(4, prng.pick(EDGES))),
  // Bytes too few or too many: what follows is read from the wrong place.
  (frame, prng) => frame.slice(0, Math.max(1, frame.length - prng.between(1, PIECE_BYTES_MAX))),
  (frame, prng) => joined(frame, random(prng, prng.between(1, PIECE_BYTES_MAX))),
  // The beginning of one and the rest of another.
  (frame, prng, valid) => {
    const other = prng.pick(valid);
    const at = prng.between(0, Math.min(frame.length, other.length));
    return joined(frame.subarray(0, at), other.subarray(at));
  },
];

function changed(frame: Uint8Array, change: (view: DataView, length: number) => void): Uint8Array {
  // Cut short by another change, a frame may lack the field.
  if (frame.length < 16) return frame;
  change(new DataView(frame.buffer, frame.byteOffset, frame.length), frame.length);
  return frame;
}

function bodyPlace(prng: Prng, length: number, width: number): number {
  return prng.between(Math.min(16, length - width), length - width);
}

function flip(view: DataView, at: number, prng: Prng): void {
  view.setUint8(at, view.getUint8(at) ^ (1 << prng.between(0, 7)));
}

function random(prng: Prng, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => prng.u32() & 0xff);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** Values that are not what a field is for; strings of digits are numbers on this wire. */
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 1.5, 1e308, 2 ** 53, "", "0", "-1", "1e5", "0.001", " 1", "NaN"],
  ...[
    "18446744073709551615",
    "18446744073709551616",
    "9007199254740993",
    "\u0000",
    "\u{1F600}",
    [],
    {},
    [[]],
  ],
  ...[Array(1_000).fill(0), "9".repeat(5_000), { toString: 1, __proto__: null }],
];
const TYPES = [
  "hello",
  "submit",
  "modify",
  "cancel",
  "massCancel",
  "orderStatus",
  "openOrders",
  "subscribe",
  "unsubscribe",
  "welcome",
  "ack",
  "",
];
/** Levels of nested arrays: more than a parser with a small stack takes. */
const DEPTH = 5_000;

/** The text of a message with one change in its fields, sometimes two, and now and then one in its letters. */
export function mutatedText(prng: Prng, valid: readonly object[]): string {
  const message: Record<string, unknown> = { ...prng.pick(valid) };
  changeField(message, prng);
  if (prng.chance(0.3)) changeField(message, prng);
  const text = JSON.stringify(message);
  return prng.chance(0.1) ? prng.pick(TEXT_CHANGES)(text, prng) : text;
}

function changeField(message: Record<string, unknown>, prng: Prng): void {
  const names = Object.keys(message);
  const name = names.length === 0 ? "type" : prng.pick(names);
  const kind = prng.between(0, 4);
  if (kind === 0) delete message[name];
  else if (kind === 1) message[name] = prng.pick(VALUES);
  else if (kind === 2) message.type = prng.pick(TYPES);
  else if (kind === 3)
    message[prng.pick(["extra", "__proto__", "constructor", "request", "symbol"])] = prng.pick(VALUES);
  else message.request = prng.pick(VALUES);
}

type TextChange = (text: string, prng: Prng) => string;

const TEXT_CHANGES: readonly TextChange[] = [
  (text, prng) => text.slice(0, prng.between(0, text.length)),
  (text, prng) => text.slice(prng.between(0, text.length)),
  (text) => `${text}${text}`,
  (text) => `[${text}]`,
  (text) => text.replaceAll('"', "'"),
  () => `${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}`,
  () => "",
  (text) => text.replace("{", `{"type":"hello",`),
];
