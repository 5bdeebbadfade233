export * from "./sequencer.ts";
