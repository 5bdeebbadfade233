// Layouts are written with base's LayoutBuilder, which segment files use as well; this keeps its place in protocol.

export { LayoutBuilder, wordOf } from "../base/index.ts";
