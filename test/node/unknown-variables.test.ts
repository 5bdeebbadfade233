// Which variables are taken for settings that somebody mistyped.

import { expect, test } from "vitest";
import { SETTINGS, unknownVariables, unknownVariableText } from "../../src/node/index.ts";

const text = (name: string, value = "1") => unknownVariables({ [name]: value }).map(unknownVariableText);

test.each([
  ["SERIATIM_ORDERPORT", ", is SERIATIM_ORDER_PORT meant?"],
  ["SERIATIM_ORDER_PROT", ", is SERIATIM_ORDER_PORT meant?"],
  ["SERIATIM_LOGLEVEL", ", is SERIATIM_LOG_LEVEL meant?"],
  ["SERIATIM_TAPE_DATADIR", ", is SERIATIM_TAPE_DATA_DIR meant?"],
  ["SERIATIM_CONFIGG", ", is SERIATIM_CONFIG meant?"],
  ["SERIATIM_COLOUR_OF_THE_PAGE", ""],
  [`SERIATIM_${"X".repeat(100)}`, ""],
])("%s is said, with what is near", (name, meant) => {
  expect(text(name)).toEqual([`${name} is no setting and changes nothing${meant}`]);
});

test("what is known, empty, another's or a cluster's word of a service is passed over", () => {
  for (const { name } of SETTINGS)
    expect(text(`SERIATIM_${name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`), name).toEqual([]);
  for (const name of ["CONFIG", "TAPE_CONFIG", "DEBUG", "SERVICE_HOST", "SERVICE_PORT_ORDERS"])
    expect(text(`SERIATIM_${name}`), name).toEqual([]);
  for (const name of ["PORT_9009_TCP", "PORT_9009_TCP_ADDR", "MAIN_SERVICE_HOST"])
    expect(text(`SERIATIM_${name}`), name).toEqual([]);
  expect(text("SERIATIM_PORT", "tcp://10.0.0.1:9009")).toEqual([]);
  expect([text("SERIATIM_ORDERPORT", ""), text("SERIATIMS_ORDER"), text("PATH")]).toEqual([[], [], []]);
});

test("several are in the order of their names, and no name makes two lines", () => {
  expect(unknownVariables({ SERIATIM_ZZZ: "1", SERIATIM_AAA: "1" }).map(({ variable }) => variable)).toEqual([
    "SERIATIM_AAA",
    "SERIATIM_ZZZ",
  ]);
  expect(text("SERIATIM_A\nB")).toEqual(["SERIATIM_A\\nB is no setting and changes nothing"]);
});
