// A Prometheus histogram whose counts somebody else keeps: the library's own counts one value at a time, ours come by
// the thousand from another thread. What the library does with it stays its own.

import { Histogram, type Registry } from "@prometheus-io/client";

/** The values of one label: as many as were below each bound, all, and their sum. */
export interface CountedValues {
  readonly count: number;
  readonly sum: number;
  readonly below: readonly number[];
}

export interface CountedOptions {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  readonly registry: Registry;
  /** Upper bounds, rising. */
  readonly bounds: readonly number[];
  readonly read: () => Readonly<Record<string, CountedValues>>;
}

interface Line {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export class CountedHistogram extends Histogram<string> {
  readonly #options: CountedOptions;

  constructor(options: CountedOptions) {
    const { name, help, label, registry } = options;
    super({ name, help, labelNames: [label], registers: [registry] });
    this.#options = options;
  }

  /** What the registry asks for. */
  async getForPromString() {
    const { name, help, read } = this.#options;
    const values = Object.entries(read()).flatMap(([key, counted]) => this.#lines(key, counted));
    return { name, help, type: "histogram", values };
  }

  #lines(key: string, { count, sum, below }: CountedValues): Line[] {
    const { name, label, bounds } = this.#options;
    const labels = { [label]: key };
    const bucket = (le: number | string, value: number): Line => {
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value };
    };
    return [
      ...bounds.map((bound, i) => bucket(bound, below[i])),
      bucket("+Inf", count),
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
