import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import openapi from '../../openapi.json';

const folder = join(import.meta.dirname, '..');

function walk(at: string): string[] {
  return readdirSync(at, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(join(at, entry.name)) : [join(at, entry.name)],
  );
}

it('every address that the cabinet asks is in the description of the server', () => {
  const known = Object.keys(openapi.paths).map(
    (p) => new RegExp(`^${p.replace(/\{[^}]*\}/g, '[^/]+').replaceAll('.', '\\.')}$`),
  );
  const strangers: string[] = [];
  for (const file of walk(folder).filter((f) => /\.tsx?$/.test(f) && !/test|schema\.d/.test(f)))
    for (const m of readFileSync(file, 'utf8').matchAll(/[`'](\/api\/[^`'?]*)[`'?]/g)) {
      // A hole in the address stands for any one word, as in the description.
      const path = (m[1] ?? '').replace(/\$\{[^}]*\}/g, '*');
      const shape = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}$`);
      const fits =
        known.some((k) => k.test(path)) ||
        Object.keys(openapi.paths).some((p) => shape.test(p.replace(/\{[^}]*\}/g, 'x')));
      if (!fits) strangers.push(`${relative(folder, file)}: ${m[1]}`);
    }
  expect(strangers).toEqual([]);
});
