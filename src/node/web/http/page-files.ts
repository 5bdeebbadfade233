// The browser page as it was built: its few files are read once, at start, and served from memory. So a request names an
// entry of a table and never a path of the disk, and a node doesn't change what it serves while it is rebuilt.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { SeriatimError } from "../../../base/index.ts";
import { packageDirectory } from "../../../platform/index.ts";

/** All files of a page; ours has a few hundred kB. */
const PAGE_BYTES_MAX = 16_777_216;
/** A page that is replaced while it is read is read anew; nobody builds so often. */
const TRIES_MAX = 5;
/** The folder whose file names hold a hash of their content. */
const HASHED_FOLDER = "/assets/";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};

export interface PageFile {
  readonly contentType: string;
  readonly bytes: Buffer;
  /** A file of this name will never have another content. */
  readonly immutable: boolean;
}

/** By the path of a URL, `/` included. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** Where the build puts the page, from a checkout and from the built package alike. */
export function pageDirectory(): string {
  return join(packageDirectory(), "dist", "web");
}

/**
 * No file when there is no such directory. A build puts another directory in its place: what is returned is of one of the two. `read`
 * reads a file. @throws SeriatimError PAGE_UNREADABLE
 */
export function readPageFiles(directory: string, read: (path: string) => Buffer = readFileSync): PageFiles {
  for (let tries = 1; ; tries++) {
    const page = numberOf(directory);
    const isLast = () => tries === TRIES_MAX || numberOf(directory) === page;
    try {
      const files = filesOf(directory, read);
      if (isLast()) return files;
    } catch (error) {
      if (isLast()) throw error;
    }
  }
}

/** The system's, of the directory that has this name now. */
function numberOf(directory: string): number | undefined {
  try {
    return statSync(directory, { throwIfNoEntry: false })?.ino;
  } catch (error) {
    throw unreadable(error);
  }
}

function filesOf(directory: string, read: (path: string) => Buffer): PageFiles {
  const files = new Map<string, PageFile>();
  let bytes = 0;
  for (const path of filesIn(directory)) {
    const file = readFile(path, read);
    bytes += file.length;
    if (bytes > PAGE_BYTES_MAX)
      throw new SeriatimError("PAGE_UNREADABLE", `${directory}: more than ${PAGE_BYTES_MAX} bytes of files`);
    const url = `/${relative(directory, path).split(sep).join("/")}`;
    const contentType = CONTENT_TYPES[extname(path)] ?? "application/octet-stream";
    files.set(url, { contentType, bytes: file, immutable: url.startsWith(HASHED_FOLDER) });
  }
  const index = files.get("/index.html");
  if (index !== undefined) files.set("/", index);
  return files;
}

function filesIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw unreadable(error);
  }
}

function readFile(path: string, read: (path: string) => Buffer): Buffer {
  try {
    return read(path);
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(cause: unknown): SeriatimError {
  return new SeriatimError("PAGE_UNREADABLE", `the page can't be read: ${(cause as Error).message}`, {
    cause,
  });
}
