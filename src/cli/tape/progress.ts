// A progress bar on a terminal: one line on standard error that is written over, and gone in the end. In a pipe or a file there is none.

import { bytesText } from "../../base/index.ts";

const BAR_CELLS = 24;
/** Often enough to look alive. */
const PAUSE_MS = 100;
/** `[########----------------]  33 %  1.5 MiB of 4.5 MiB, 300.0 KiB/s`; a file that has grown meanwhile is at 100 %. */
export function progressText(done: number, total: number, elapsed_s: number): string {
  const part = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(part * BAR_CELLS);
  const bar = "#".repeat(full) + "-".repeat(BAR_CELLS - full);
  const percent = String(Math.floor(part * 100)).padStart(3);
  const rate = elapsed_s === 0 ? "" : `, ${bytesText(Math.round(done / elapsed_s))}/s`;
  return `[${bar}] ${percent} %  ${bytesText(done)} of ${bytesText(total)}${rate}`;
}

export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class Progress {
  readonly #terminal: Terminal;
  readonly #total: number;
  readonly #begun_ms = performance.now();
  #shown_ms = 0;

  /** `total` bytes. */
  constructor(total: number, terminal: Terminal = process.stderr) {
    this.#total = total;
    this.#terminal = terminal;
  }

  /** Of these bytes it is known that they are done. */
  show(done: number): void {
    if (this.#terminal.isTTY !== true) return;
    const now_ms = performance.now();
    if (now_ms - this.#shown_ms < PAUSE_MS) return;
    this.#shown_ms = now_ms;
    const text = progressText(done, this.#total, (now_ms - this.#begun_ms) / 1_000);
    this.#terminal.write(`\r${text}\u001b[K`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#shown_ms > 0) this.#terminal.write("\r\u001b[K");
  }
}
