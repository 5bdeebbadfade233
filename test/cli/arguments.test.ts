import { Command } from "commander";
import { expect, test } from "vitest";
import { formatHostPort, parseHostPort, refuseCarelessText, wholeNumber } from "../../src/cli/arguments.ts";

function program(): Command {
  const root = new Command().exitOverride();
  root
    .command("do")
    .argument("[first]")
    .argument("[more...]")
    .option("-p, --port <n>", "", wholeNumber("--port", 1, 10))
    .option("--name <name>")
    .option("--flow <file...>")
    .option("--check")
    .action(() => {});
  refuseCarelessText(root);
  return root;
}

test.each([
  [["--port", "1", "--port", "2"], "--port is given twice"],
  [["-p1", "--port=1"], "--port is given twice"],
  [["--name", "a", "--name", "a"], "--name is given twice"],
  [["--name", ""], "--name is empty"],
  [["--port="], "--port is empty"],
  [[""], "<first> is empty"],
  [["a", "b", "c", ""], "<more> is empty"],
  [["--port", "11"], '--port: "11" is not a whole number from 1 to 10'],
  [["--port", "0"], '--port: "0" is not a whole number from 1 to 10'],
  [["--port", "x"], '--port: "x" is not a whole number from 1 to 10'],
])("%j is refused: %s", (args, message) => {
  expect(() => program().parse(["do", ...args], { from: "user" })).toThrow(
    expect.objectContaining({ message, exitCode: 2 }),
  );
});

test.each(["127.0.0.1:9876", "[::1]:9876", "exchange.example:1"])("%s is read, and said, so", (text) => {
  const { host, port } = parseHostPort(text);
  expect(formatHostPort(host, port)).toBe(text);
});

test("options that may come often may come often", () => {
  const root = program().parse(["do", "--flow", "a", "--flow", "b", "--check", "--check", "--port", "3"], {
    from: "user",
  });
  expect(root.commands[0].opts()).toEqual({ flow: ["a", "b"], check: true, port: 3 });
});
