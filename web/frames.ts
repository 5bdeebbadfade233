// Painting once per frame: messages only ask for a frame, and a frame runs every painter once, however many messages came.

export type Painter = () => void;

export class Frames {
  readonly #painters = new Set<Painter>();
  #asked = false;

  /** Runs `painter` with every frame until the returned function is called. */
  add(painter: Painter): () => void {
    this.#painters.add(painter);
    this.ask();
    return () => this.#painters.delete(painter);
  }

  ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      for (const painter of this.#painters) painter();
    });
  }
}
