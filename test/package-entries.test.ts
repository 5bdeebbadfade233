// What the package's entries offer (docs/adr/package-entries.md): what documents and examples import from them, and no whole layer.

import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly default?: string }>>;
};

function textOf(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Where an entry's source lies; undefined: there is no such entry. */
function sourceOf(entry: string): string | undefined {
  return exports[entry.replace(/^seriatim/, ".")]?.default?.replace("./dist/", "").replace(/\.js$/, ".ts");
}

function listed(names: string): string[] {
  return names
    .split(",")
    .map((name) => name.trim().replace(/^type /, ""))
    .filter((name) => name !== "");
}

/** All names that a module exports, types too, whether it declares them or hands them on. */
function namesOf(path: string): ReadonlySet<string> {
  const text = textOf(path);
  const names = new Set<string>();
  for (const [, declared] of text.matchAll(
    /^export (?:abstract |async )?(?:const|function|class|interface|type) (\w+)/gm,
  ))
    names.add(declared);
  for (const [, list] of text.matchAll(/^export (?:type )?\{([^}]*)\}/gm))
    for (const name of listed(list)) names.add(name.replace(/^.* as /, ""));
  for (const [, from] of text.matchAll(/^export (?:type )?\* from "(.+?)";/gm))
    for (const name of namesOf(join(dirname(path), from))) names.add(name);
  return names;
}

const pages = ["README.md", ...globSync("docs/**/*.md", { cwd: root })].flatMap((page) =>
  [...textOf(page).matchAll(/```ts\n(.*?)```/gs)].map(([, program]) => ({ where: page, program })),
);
const examples = globSync("examples/*.ts", { cwd: root }).map((where) => ({
  where,
  program: textOf(where),
}));
const imports = [...pages, ...examples].flatMap(({ where, program }) =>
  [...program.matchAll(/^import (?:type )?\{([^}]*)\} from "(seriatim[\w/]*)";/gm)].map(
    ([, names, entry]) => ({ where, entry, names: listed(names) }),
  ),
);

test("every name that documents and examples import is exported there", () => {
  const missing = imports.flatMap(({ where, entry, names }) => {
    const source = sourceOf(entry);
    const known = source === undefined ? new Set<string>() : namesOf(source);
    return names.filter((name) => !known.has(name)).map((name) => `${where}: ${name} of ${entry}`);
  });
  expect(missing).toEqual([]);
  expect(new Set(imports.map(({ entry }) => entry)).size).toBeGreaterThan(5);
});

test.each(["feed", "protocol", "runtime"])("seriatim/%s names what it exports", (entry) => {
  const source = sourceOf(`seriatim/${entry}`) ?? "";
  expect(source).toMatch(/\/public\.ts$/);
  expect(textOf(source)).not.toMatch(/^export (type )?\*/m);
});
