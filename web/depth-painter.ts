// The depth chart: how much rests up to each price, bids to the left of the middle and asks to the right, on a canvas.

import type { Book, BookSide, Market } from "../src/client/socket/index.ts";
import { formatPrice } from "../src/protocol/index.ts";
import { middleOf, onGrid } from "./ladder-rows.ts";
import { colour } from "./theme.ts";
import { shortQuantity } from "./words.ts";

const AXIS_PX = 20;
/** Air above the highest step. */
const TOP_PX = 22;
/** Of lower steps nothing can be read. */
const STEPS_PX_MIN = 12;
/** And beyond the last price on each side, as a part of the way there. */
const AIR = 1.04;

/** Of a place in ticks the nearest price that the instrument can have. */
type PriceText = (price: number, round?: (value: number) => number) => string;

interface Frame {
  readonly width: number;
  readonly height: number;
  /** Ticks in the middle, and from there to each edge. */
  readonly middle: number;
  readonly reach: number;
  /** Lots at full height. */
  readonly total: number;
}

export class DepthPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  /** Where the pointer is, in CSS pixels. */
  pointer: number | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d")!;
  }

  /** Without a market there is nothing to see. */
  paint(market: Market | undefined): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (width === 0 || height === 0) return;
    const context = this.#context;
    this.#fit(width, height);
    context.clearRect(0, 0, width, height);
    const frame = market === undefined ? undefined : frameOf(market.book, width, height);
    if (market === undefined || frame === undefined) return;
    const { book, decimals, step } = market;
    context.font = `11px ${getComputedStyle(this.#canvas).fontFamily}`;
    this.#side(book.bids, frame, "buy");
    this.#side(book.asks, frame, "sell");
    const text: PriceText = (price, round) => formatPrice(onGrid(price, step, round), decimals);
    this.#axis(frame, text);
    if (this.pointer !== undefined) this.#pointed(this.pointer, book, frame, text);
  }

  #fit(width: number, height: number): void {
    const ratio = devicePixelRatio;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== w || this.#canvas.height !== h) {
      this.#canvas.width = w;
      this.#canvas.height = h;
    }
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  #side({ prices, quantities }: BookSide, frame: Frame, name: "buy" | "sell"): void {
    if (prices.length === 0) return;
    const context = this.#context;
    const base = frame.height - AXIS_PX;
    const edge = name === "buy" ? 0 : frame.width;
    context.beginPath();
    context.moveTo(xOf(prices[0], frame), base);
    let total = 0;
    for (let i = 0; i < prices.length; i++) {
      const x = xOf(prices[i], frame);
      context.lineTo(x, yOf(total, frame));
      total += quantities[i];
      context.lineTo(x, yOf(total, frame));
    }
    context.lineTo(edge, yOf(total, frame));
    context.strokeStyle = colour(name);
    context.lineWidth = 1.5;
    context.stroke();
    context.lineTo(edge, base);
    context.closePath();
    context.fillStyle = colour(`${name}-soft`);
    context.fill();
  }

  #axis(frame: Frame, text: PriceText): void {
    const context = this.#context;
    const { width, height, middle, reach } = frame;
    context.fillStyle = colour("line");
    context.fillRect(0, height - AXIS_PX, width, 1);
    context.fillStyle = colour("muted");
    context.textBaseline = "middle";
    const y = height - AXIS_PX / 2 + 1;
    context.textAlign = "left";
    context.fillText(text(middle - reach, Math.ceil), 8, y);
    context.textAlign = "right";
    context.fillText(text(middle + reach, Math.floor), width - 8, y);
    const needed = 3 * context.measureText(text(middle)).width + 64;
    context.textAlign = "center";
    if (needed < width) context.fillText(text(middle), xOf(middle, frame), y);
  }

  /** What rests up to the price under the pointer. */
  #pointed(x: number, { bids, asks }: Book, frame: Frame, text: PriceText): void {
    const context = this.#context;
    const price = frame.middle + ((2 * x) / frame.width - 1) * frame.reach;
    const side = bids.prices.length > 0 && price <= bids.prices[0] ? bids : asks;
    const direction = side === bids ? 1 : -1;
    let total = 0;
    side.prices.forEach((level, i) => {
      if ((level - price) * direction >= 0) total += side.quantities[i];
    });
    context.fillStyle = colour("muted");
    context.fillRect(x, TOP_PX, 1, frame.height - AXIS_PX - TOP_PX);
    context.fillStyle = colour("text");
    const words = `${shortQuantity(total)} to ${text(price)}`;
    const half = context.measureText(words).width / 2 + 8;
    context.textAlign = "center";
    context.fillText(words, Math.min(Math.max(x, half), frame.width - half), TOP_PX / 2 + 1);
  }
}

/** The middle in the middle, and as far to both sides as the farther of them reaches. */
function frameOf(book: Book, width: number, height: number): Frame | undefined {
  const middle = middleOf(book);
  // In a low window there may be no room for it.
  if (middle === undefined || height < STEPS_PX_MIN + TOP_PX + AXIS_PX) return undefined;
  const reach = Math.max(
    middle - (book.bids.prices.at(-1) ?? middle),
    (book.asks.prices.at(-1) ?? middle) - middle,
    1,
  );
  const total = Math.max(sum(book.bids.quantities), sum(book.asks.quantities), 1);
  return { width, height, middle, reach: reach * AIR, total };
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function xOf(price: number, { middle, reach, width }: Frame): number {
  return ((price - middle) / reach + 1) * (width / 2);
}

function yOf(total: number, frame: Frame): number {
  const base = frame.height - AXIS_PX;
  return base - (total / frame.total) * (base - TOP_PX);
}
