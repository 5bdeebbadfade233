// One figure of a feed's health: its name above its value.

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly hint?: string;
  readonly isBad?: boolean;
}

export function Figure({ name, value, hint, isBad = false }: FigureProps) {
  return (
    <div title={hint}>
      <dt>{name}</dt>
      <dd class={isBad ? "sell" : ""}>{value}</dd>
    </div>
  );
}
