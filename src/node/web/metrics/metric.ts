// A figure of /metrics: its name, what it says, and how it is read from what node and web say about themselves.

import type { NodeStatus, WebStatus } from "../../status.ts";

/** What node and web say about themselves at one moment. */
export type Sample = NodeStatus & WebStatus;

export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** One number, or one per value of `label`; undefined: it has none. */
  readonly read: (status: Sample) => number | Readonly<Record<string, number>> | undefined;
  readonly label?: string;
}

export function counter(name: string, help: string, read: Metric["read"]): Metric {
  return { name, type: "counter", help, read };
}

export function gauge(name: string, help: string, read: Metric["read"]): Metric {
  return { name, type: "gauge", help, read };
}
