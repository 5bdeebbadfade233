// Painting once per frame: messages only ask for a frame, and a frame runs every painter once, however many messages came.
// A painter whose picture is costly and slow to read may have a pace of its own.

/** Of charts: each paints a whole canvas, and nobody reads a curve faster. */
export const CHART_PACE_MS = 100;

export type Painter = () => void;

interface Paced {
  readonly painter: Painter;
  readonly pace_ms: number;
  painted_ms: number;
}

export class Frames {
  readonly #painters = new Set<Paced>();
  #asked = false;

  /** Runs `painter` with every frame, but not more often than each `pace_ms`, until the returned function is called. */
  add(painter: Painter, pace_ms = 0): () => void {
    const paced = { painter, pace_ms, painted_ms: Number.NEGATIVE_INFINITY };
    this.#painters.add(paced);
    this.ask();
    return () => this.#painters.delete(paced);
  }

  ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame((now_ms) => {
      this.#asked = false;
      for (const paced of this.#painters) this.#paint(paced, now_ms);
    });
  }

  #paint(paced: Paced, now_ms: number): void {
    // What is too early now is painted with a later frame.
    if (now_ms - paced.painted_ms < paced.pace_ms) return this.ask();
    paced.painted_ms = now_ms;
    paced.painter();
  }
}
