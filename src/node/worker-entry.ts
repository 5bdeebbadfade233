// Where worker threads start. The one place that knows: a URL to a .ts file is not rewritten when the project is
// compiled, so the ending is taken from this file, which is .ts in a checkout and .js in the published package.

/** The URL of the worker entry `name` in this folder. */
export function workerEntry(name: "journal-worker"): URL {
  const ending = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  return new URL(`./${name}${ending}`, import.meta.url);
}
