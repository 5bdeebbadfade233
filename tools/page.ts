// Builds the browser page into dist/web when it is missing or older than what it is made of. `npm start` and
// `npm run build` run this. It is built beside its place and moved there whole: nobody ever serves half a page.

import { globSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = join(root, "dist/web");

/** The page, and the layers that it imports. The lock file stands for the packages that are bundled. */
const SOURCES = ["web/**/*", "src/{base,protocol,client}/**/*.ts", "package-lock.json"];

function newestSource_ms(): number {
  const times = globSync(SOURCES, { cwd: root }).map((path) => statSync(join(root, path)).mtimeMs);
  return Math.max(...times);
}

function built_ms(): number {
  return statSync(join(page, "index.html"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** True when it was built, false when it was there already. */
export async function buildPageIfStale(): Promise<boolean> {
  if (built_ms() >= newestSource_ms()) return false;
  process.stderr.write("seriatim: building the page, a few seconds ...\n");
  const beside = join(root, `dist/.web-${process.pid}`);
  mkdirSync(beside, { recursive: true });
  try {
    const configFile = join(root, "web/vite.config.ts");
    await build({ configFile, logLevel: "warn", build: { outDir: beside, emptyOutDir: true } });
    replacePage(beside);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  return true;
}

/** Another build at the same time may be a moment ahead: then its page, of the same sources, is the one. */
function replacePage(beside: string): void {
  // It need not be replaced under those who read it.
  if (built_ms() >= newestSource_ms()) return;
  const old = `${beside}-old`;
  try {
    if (built_ms() > 0) renameSync(page, old);
    renameSync(beside, page);
  } catch (error) {
    if (built_ms() < newestSource_ms()) throw error;
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}

if (import.meta.main) await buildPageIfStale();
