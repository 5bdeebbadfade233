// A real browser for the tests: headless Chromium from the package that brings one, or the system's. Where neither runs
// (a library is missing, another processor) the tests are skipped and say why.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import packaged from "@sparticuz/chromium";
import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's package puts it there. */
const SYSTEM_BROWSER = "/usr/bin/chromium";
/** Containers have no user namespaces to build the sandbox with; only pages of ours are opened. */
const ARGUMENTS = ["--no-sandbox", "--headless=shell", "--hide-scrollbars"];
/** Nothing on the page takes longer than a frame or two; a busy machine may. */
const WAIT_MS = 60_000;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OUTPUT = join(ROOT, "test-output");
const MODULES = join(ROOT, "node_modules");

export type BrowserOrReason = { readonly browser: Browser } | { readonly reason: string };

export async function launchBrowser(): Promise<BrowserOrReason> {
  const reasons: string[] = [];
  for (const find of [packagedBrowser, async () => SYSTEM_BROWSER]) {
    try {
      const executablePath = await find();
      if (!existsSync(executablePath)) throw new Error(`${executablePath} is not there`);
      return { browser: await chromium.launch({ executablePath, args: ARGUMENTS }) };
    } catch (error) {
      reasons.push(firstLines(error as Error));
    }
  }
  return { reason: `no browser runs here: ${reasons.join("; ")}` };
}

/**
 * The browser of the package, unpacked once. The package itself unpacks to where the next process takes a half-written
 * file for the browser, so it is given a folder of its own, which gets its name when it is complete.
 */
async function packagedBrowser(): Promise<string> {
  const manifest = join(MODULES, "@sparticuz/chromium/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  const cache = join(MODULES, ".cache");
  const place = join(cache, `chromium-${version}`);
  const executable = join(place, "chromium");
  if (existsSync(executable)) return executable;
  mkdirSync(cache, { recursive: true });
  const beside = mkdtempSync(join(cache, "chromium-"));
  try {
    await unpackInto(beside);
    renameSync(beside, place);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    // Another process was first.
    if (!existsSync(executable)) throw error;
  }
  return executable;
}

async function unpackInto(directory: string): Promise<void> {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = directory;
  // It looks at the variable before it first waits.
  const unpacked = packaged.executablePath();
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  await unpacked;
}

/** What of a failed launch says why: its first line, and the one that names a missing library. */
function firstLines({ message }: Error): string {
  const lines = message.split("\n");
  const cause = lines.find((line) => line.includes("error while loading"));
  return [lines[0], ...(cause === undefined ? [] : [cause.trim()])].join(" ");
}

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

export const DESK: Look = { width: 1440, height: 900, scheme: "dark" };
export const PHONE: Look = { width: 390, height: 844, scheme: "light" };

export interface Visit {
  readonly page: Page;
  /** What the page complained about, and requests that went anywhere but to the node. */
  readonly complaints: string[];
}

/** Opens the page in a browser profile of its own, as an account when one is given. */
export async function visit(
  browser: Browser,
  url: string,
  look: Look,
  account: string | null,
): Promise<Visit> {
  const { width, height, scheme } = look;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) complaints.push(request.url());
  });
  if (account !== null) {
    await page.addInitScript(`localStorage.setItem("seriatim.account", ${JSON.stringify(account)})`);
  }
  await page.goto(url);
  return { page, complaints };
}

/** Lets the page think, from its next load on, that the exchange takes orders of any size: then the exchange refuses them. */
export async function hideLimits(page: Page): Promise<void> {
  await page.routeWebSocket(/./, (client) => {
    const server = client.connectToServer();
    server.onMessage((message) => {
      const text = String(message);
      const isWelcome = text.startsWith('{"type":"welcome"');
      client.send(isWelcome ? text.replace(/("max(Quantity|Notional)"):\d+/g, "$1:9007199254740991") : text);
    });
  });
}

/** Keeps a picture of what a test saw, to be looked at afterwards. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(OUTPUT, { recursive: true });
  await page.screenshot({ path: join(OUTPUT, `${name}.png`) });
}
