// Attribute paths as they are written in Nix: names with dots between them, in quotes where a name
// needs them. No VS Code here.

/** The names in a path, without quotes; undefined if the text is no path. */
export function segments(path: string): string[] | undefined {
  const found: string[] = [];
  let rest = path;
  for (;;) {
    const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(rest);
    const plain = /^[^."\s]+/.exec(rest);
    const whole = quoted ?? plain;
    if (whole === null) return undefined;
    found.push(quoted?.[1] === undefined ? whole[0] : quoted[1].replace(/\\(.)/g, '$1'));
    rest = rest.slice(whole[0].length);
    if (rest === '') return found;
    if (!rest.startsWith('.')) return undefined;
    rest = rest.slice(1);
  }
}

/** Whether two texts are the same path, however they are quoted. */
export function samePath(a: string, b: string): boolean {
  const [one, other] = [segments(a), segments(b)];
  return one !== undefined && other !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

/**
 * The attribute path in a line of Nix that the column is in or at the end of, less a leading `pkgs.`;
 * undefined if there is none. Columns count UTF-16 units from zero.
 */
export function pathAt(line: string, column: number): string | undefined {
  const name = String.raw`(?:[A-Za-z_][\w'-]*|"[^"\s$\\]+")`;
  for (const found of line.matchAll(new RegExp(`[A-Za-z_][\\w'-]*(?:\\.${name})*`, 'g'))) {
    if (found.index <= column && column <= found.index + found[0].length) {
      return found[0].replace(/^pkgs\./, '');
    }
  }
  return undefined;
}
