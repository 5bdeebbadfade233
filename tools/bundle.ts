// A node's threads and processes in tests, each from a few files: to find, read and link the hundreds of modules of a thread one by
// one is more than half of what a start costs, and tests start many. Made of the sources when a test run begins. A part has the same
// name each time: what Node has compiled of it is kept by name (NODE_COMPILE_CACHE), and would be there once for each run.
//
//   dist/for-tests/bin/seriatim               the launcher, as in a package
//   dist/for-tests/dist/src/cli/main.js       the command line
//   dist/for-tests/dist/src/FOLDER/NAME.js    each entry where a package has it, so that one which is not beside who starts it is missed
//   dist/for-tests/dist/parts/NAME.js         what several have in common

import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "vite";
import type { TestProject } from "vitest/node";

const root = fileURLToPath(new URL("..", import.meta.url));
const place = join(root, "dist/for-tests");
const modules = join(place, "dist");

/** Modules that threads import by the URL that they say is theirs. */
const RULES = ["src/node/exchange-rules.ts", "test/runtime/counter.ts"];

const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly default?: string }>>;
};
/** What programs import from the package: the examples do. */
const ENTRIES = Object.values(exports).flatMap(({ default: built }) =>
  built === undefined ? [] : [built.replace("./dist/", "").replace(/\.js$/, ".ts")],
);

/** Processes of the benches that tests run. */
const OF_BENCHES = "bench/{gateway/{echo,exchange,load},durability/{burst,paced}-load}.ts";

/** The command line to start in a test run. */
export const BUNDLED_LAUNCHER: string = join(place, "bin/seriatim");

/** Where a source lies in the bundle, or would, without `.js`. */
function nameOf(file: string): string {
  return file.replace(/\.ts$/, "");
}

function urlOf(file: string): string {
  return pathToFileURL(join(modules, `${nameOf(file)}.js`)).href;
}

/** Makes modules that the tests import start their threads and processes from the bundle. */
export function threadsFromBundle(): Plugin {
  return {
    name: "threads-from-bundle",
    transform(code, id) {
      const file = id.split("?")[0].slice(root.length);
      if (RULES.includes(file)) return code.replace("import.meta.url", JSON.stringify(urlOf(file)));
      if (file === "bench/launcher.ts")
        return code.replace("import.meta.dirname", JSON.stringify(join(modules, "bench")));
      if (!/^(src|bench)\//.test(file)) return undefined;
      return code.replace(
        /\b(entryBeside|new Child)\(import\.meta\.url,/g,
        `$1(${JSON.stringify(urlOf(file))},`,
      );
    },
  };
}

/** Before the first test, and in watch mode before each run. */
export default async function setup(project: TestProject): Promise<void> {
  project.onTestsRerun(bundle);
  await bundle();
}

async function bundle(): Promise<void> {
  const entries = [
    "src/cli/main.ts",
    ...ENTRIES,
    ...RULES,
    ...globSync(["src/**/*-worker.ts", OF_BENCHES], { cwd: root }),
  ];
  const input = Object.fromEntries(entries.map((file) => [nameOf(file), join(root, file)]));
  const built = await build({
    ...{ root, configFile: false, publicDir: false, logLevel: "warn", plugins: [threadsFromBundle()] },
    build: {
      ...{ ssr: true, write: false, minify: false, target: "node24" },
      rolldownOptions: {
        input,
        // By path: a file of this project; by name: a package, or Node's own.
        external: (name) => /^(node:|@?[a-z])/.test(name),
        output: { format: "es", entryFileNames: "[name].js", chunkFileNames: "parts/[name].js" },
      },
    },
  });
  const outputs = [built].flat().flatMap((each) => ("output" in each ? each.output : []));
  const files = new Map(outputs.map((file) => [file.fileName, "code" in file ? file.code : file.source]));
  put(modules, files);
  put(join(place, "bin"), new Map([["seriatim", readFileSync(join(root, "bin/seriatim"))]]));
}

/** Leaves alone what is the same already. Another run at the same time makes the same files, and whoever reads one has all of it. */
function put(directory: string, files: ReadonlyMap<string, string | Uint8Array>): void {
  mkdirSync(directory, { recursive: true });
  const before = new Set(globSync("**/*.*", { cwd: directory }));
  for (const name of before) if (!files.has(name)) rmSync(join(directory, name), { force: true });
  for (const [name, content] of files) {
    const path = join(directory, name);
    if (before.has(name) && readFileSync(path).equals(Buffer.from(content))) continue;
    const beside = join(place, `${basename(name)}.${process.pid}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(beside, content);
    renameSync(beside, path);
  }
}
