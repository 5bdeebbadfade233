// Something that components redraw for when it changes. Market data is none: it is painted by frame (frames.ts).

import { useEffect, useReducer } from "preact/hooks";

export class Topic {
  /** Counts changes. */
  version = 0;
  readonly #listeners = new Set<() => void>();

  changed(): void {
    this.version++;
    for (const listener of this.#listeners) listener();
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function versionOf(topics: readonly Topic[]): number {
  return topics.reduce((sum, { version }) => sum + version, 0);
}

/** Redraws the component whenever one of the topics changes. */
export function useTopics(...topics: readonly Topic[]): void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const drawn = versionOf(topics);
  useEffect(() => {
    const ends = topics.map((topic) => topic.listen(() => redraw(undefined)));
    // What changed between drawing and listening.
    if (versionOf(topics) !== drawn) redraw(undefined);
    return () => {
      for (const end of ends) end();
    };
  }, topics);
}
