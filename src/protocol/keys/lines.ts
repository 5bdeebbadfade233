// Where in a JSON text something stands, in lines from 1: JSON.parse tells no places of what it has read.

/** Of valid JSON, an object whose one list is a field of its own: the line where each element of that begins. */
export function elementLines(text: string): number[] {
  let lines: number[] = [];
  let [line, depth, isAwaited] = [1, 0, false];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "\n") line++;
    if (isAwaited && /[^\s\]]/.test(character)) {
      lines.push(line);
      isAwaited = false;
    }
    if (character === '"') at = endOfString(text, at);
    else if (character === "," && depth === 2) isAwaited = true;
    else if (character === "[" || character === "{") {
      depth++;
      // A list that is given twice: the last one counts, for JSON.parse too.
      if (depth === 2 && character === "[") [lines, isAwaited] = [[], true];
    } else if (character === "]" || character === "}") depth--;
  }
  return lines;
}

/** The index of the quote that ends the string which begins at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return end;
}

/** Of text that is no JSON: the line up to which it could have been. */
export function wrongLine(text: string): number {
  const lines = text.split("\n");
  // Errors of JSON.parse don't always say where. What is wrong once stays wrong, so it can be searched for by halves.
  let [right, wrong] = [0, lines.length];
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (couldGoOn(`${lines.slice(0, middle).join("\n")}\n`)) right = middle;
    else wrong = middle;
  }
  return wrong;
}

function couldGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position ([0-9]+)/.exec(message)?.[1];
    return message.startsWith("Unexpected end") || Number(position ?? -1) >= text.length;
  }
}
