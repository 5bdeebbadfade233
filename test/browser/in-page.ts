// What is asked of the page itself. Each function is handed to the browser as it stands, so it uses nothing of this file.

export interface PoorContrast {
  readonly what: string;
  readonly colours: string;
  readonly ratio: number;
}

/**
 * Every visible text, and what an empty field asks for, whose contrast with what is behind it is below WCAG's 4.5:1, and every
 * field whose border is below its 3:1; what is switched off doesn't count.
 */
export function poorContrasts(): PoorContrast[] {
  type Colour = readonly [red: number, green: number, blue: number, alpha: number];
  const parse = (text: string): Colour => {
    const [red, green, blue, alpha = 1] = (text.match(/[\d.]+/g) ?? ["0", "0", "0", "0"]).map(Number);
    return [red, green, blue, alpha];
  };
  const over = (top: Colour, below: Colour): Colour => {
    const mix = (i: 0 | 1 | 2) => top[i] * top[3] + below[i] * (1 - top[3]);
    return [mix(0), mix(1), mix(2), 1];
  };
  const luminance = (colour: Colour): number => {
    const [red, green, blue] = colour.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element: Element): Colour => {
    const behind: Colour[] = [];
    // The ladder's bars lie behind the quantities as siblings.
    const bar = element.previousElementSibling;
    if (bar?.tagName === "I" && getComputedStyle(bar).transform !== "matrix(0, 0, 0, 1, 0, 0)")
      behind.push(parse(getComputedStyle(bar).backgroundColor));
    for (let at: Element | null = element; at !== null; at = at.parentElement)
      behind.push(parse(getComputedStyle(at).backgroundColor));
    return behind.reduceRight<Colour>((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const poor: PoorContrast[] = [];
  const check = (what: string, css: string, background: Colour, ratio_min: number): void => {
    const colour = over(parse(css), background);
    const [a, b] = [luminance(colour), luminance(background)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < ratio_min) poor.push({ what, colours: `${colour} on ${background}`, ratio });
  };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    const text = own.map((node) => node.textContent?.trim() ?? "").join(" ");
    const isOff = element.closest(":disabled, .unseen") !== null;
    if (text.trim() === "" || isOff || !element.checkVisibility({ opacityProperty: true })) continue;
    check(text, getComputedStyle(element).color, backgroundOf(element), 4.5);
  }
  for (const field of document.querySelectorAll<HTMLInputElement>("input:enabled:not([type=radio])")) {
    if (!field.checkVisibility()) continue;
    const { borderTopColor } = getComputedStyle(field);
    check(`border of ${field.id}`, borderTopColor, backgroundOf(field.parentElement as Element), 3);
    const { color } = getComputedStyle(field, "::placeholder");
    if (field.placeholder !== "") check(field.placeholder, color, backgroundOf(field), 4.5);
  }
  return poor;
}

/** Cells of the ladder, words and titles that are cut off, and parts of a panel's head that lie over each other or outside of it. */
export function crowded(): string[] {
  const found: string[] = [];
  const cells = ".ladder-row span, .ladder-titles span, .problem, .node-table th, .node-table td, .send";
  for (const cell of document.querySelectorAll<HTMLElement>(cells)) {
    if (!cell.checkVisibility()) continue;
    const edge = cell.closest(".panel")?.getBoundingClientRect().right ?? 0;
    const isOutside = cell.getBoundingClientRect().right > edge;
    if (cell.scrollWidth > cell.clientWidth || isOutside) found.push(`cut: ${cell.textContent}`);
  }
  for (const head of document.querySelectorAll<HTMLElement>(".panel-head")) {
    const parts = [...head.children].filter((part) => part.checkVisibility());
    const boxes = parts.map((part) => part.getBoundingClientRect());
    for (const [i, box] of boxes.entries()) {
      const [part] = parts.slice(i);
      const inner = Math.max(...[...part.children].map((child) => child.getBoundingClientRect().right), 0);
      const { left: first, right: last } = head.getBoundingClientRect();
      if (box.left < first || Math.max(box.right, inner) > last) found.push(`outside: ${part.textContent}`);
      for (const other of boxes.slice(i + 1)) {
        const isApart = other.left >= Math.max(box.right, inner) || other.top >= box.bottom;
        if (!isApart) found.push(`under another: ${part.textContent}`);
      }
    }
  }
  return found;
}

/** What has the focus, and whether one sees that it has; undefined when nothing has. */
export function focused(): { readonly name: string; readonly isMarked: boolean } | undefined {
  const element = document.activeElement;
  if (!(element instanceof HTMLElement) || element === document.body) return undefined;
  const label =
    "labels" in element ? (element as HTMLInputElement).labels?.[0]?.innerText.split("\n")[0] : undefined;
  const name = element.getAttribute("aria-label") ?? label ?? element.textContent ?? "";
  // A choice is marked at the word beside its invisible input.
  const marked = element.matches(".segments input") ? element.nextElementSibling : element;
  const { outlineStyle, outlineWidth } = getComputedStyle(marked as Element);
  return { name: name.trim(), isMarked: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2 };
}
