// Bounded waiting: every wait of an orderly stop has an end.

/** Waits for `work`, but no longer than `most_ms`; whether it was done by then. */
export async function within(work: Promise<unknown>, most_ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, most_ms, false);
  });
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
