// Something that components redraw for when it changes. Market data is none: it is painted by frame (frames.ts).

import { useEffect, useReducer } from "preact/hooks";

export class Topic {
  readonly #listeners = new Set<() => void>();

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Redraws the component whenever one of the topics changes. */
export function useTopics(...topics: readonly Topic[]): void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const ends = topics.map((topic) => topic.listen(() => redraw(undefined)));
    return () => {
      for (const end of ends) end();
    };
  }, topics);
}
