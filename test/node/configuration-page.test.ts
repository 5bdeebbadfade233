import { expect, test } from "vitest";
import { configurationPage } from "../../src/node/index.ts";

// `vitest run test/node/configuration-page.test.ts -u` writes the page again.
test("docs/configuration.md says what the settings table says", async () => {
  await expect(configurationPage()).toMatchFileSnapshot("../../docs/configuration.md");
});
