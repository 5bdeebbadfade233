// The documents as a whole: what they link to is there, files that they name exist, and each decision page has its form.

import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const documents = globSync("{*.md,docs/**/*.md,src/**/*.md}", { cwd: root }).sort();
const textOf = (document: string) => readFileSync(join(root, document), "utf8");

/** As the host of the repository makes it of a heading: what is no word goes, blanks become hyphens. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");

const anchorsOf = (document: string) =>
  [...textOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading));

test("every link leads to a file that is there, and to a heading in it", () => {
  const broken: string[] = [];
  for (const document of documents) {
    for (const [, path, anchor] of textOf(document).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)) {
      const target = path === "" ? document : join(dirname(document), path);
      const isThere = existsSync(join(root, target));
      if (!isThere || (anchor !== undefined && !anchorsOf(target).includes(anchor)))
        broken.push(`${document}: ${path}${anchor === undefined ? "" : `#${anchor}`}`);
    }
  }
  expect(broken).toEqual([]);
});

test("every file that a document names by its path exists", () => {
  const missing = documents.flatMap((document) =>
    [...textOf(document).matchAll(/`((?:src|test|tools|bench|docs|examples|web)\/[\w./-]*[\w/])`/g)]
      .map(([, path]) => path)
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${document}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test("every metric that a document names is one", () => {
  const sources = globSync("src/node/web/**/*.ts", { cwd: root }).map((path) =>
    readFileSync(join(root, path), "utf8"),
  );
  const names = sources.flatMap((text) =>
    [...text.matchAll(/"(seriatim_[a-z_]+)"/g)].map(([, name]) => name),
  );
  const unknown = documents.flatMap((document) =>
    [...textOf(document).matchAll(/\b(seriatim_[a-z_]*[a-z])\b(?!\*)/g)]
      .filter(([, name]) => !names.includes(name.replace(/_bucket$/, "")))
      .map(([, name]) => `${document}: ${name}`),
  );
  expect(names.length).toBeGreaterThan(50);
  expect(unknown).toEqual([]);
});

test("every decision page begins with its decision, says why and what was rejected, and the index has it", () => {
  const index = textOf("docs/adr/README.md");
  const isInForm = (page: string) => {
    const text = textOf(page);
    const begins = /^# .+\n\n\*\*Decision\.\*\* /.test(text);
    return (
      begins && text.includes("\n**Why") && /rejected/i.test(text) && index.includes(`(${basename(page)})`)
    );
  };
  const pages = documents.filter((document) => /^docs\/adr\/(?!README)/.test(document));
  expect(pages.filter((page) => !isInForm(page))).toEqual([]);
});
