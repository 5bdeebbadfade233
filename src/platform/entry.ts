// Where threads and processes of ours start. The one place that knows: a URL to a .ts file is not rewritten when the
// project is compiled, so the ending is taken from the asking module, which is .ts in a checkout and .js when built.

/** The URL of the module `name` beside the one whose `import.meta.url` is given. */
export function entryBeside(moduleUrl: string, name: string): URL {
  const ending = moduleUrl.endsWith(".ts") ? ".ts" : ".js";
  return new URL(`./${name}${ending}`, moduleUrl);
}
