// What the first route costs: the entry, everything it imports at once, and one catalogue, gzipped.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = join(import.meta.dirname, '../dist');
const limit = 230 * 1024;
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const seen = new Set();
const queue = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((m) => m[1]);
const catalogue = readdirSync(join(dist, 'assets')).find((f) => f.startsWith('ru-') && f.endsWith('.js'));
if (catalogue) queue.push(`assets/${catalogue}`);
let total = 0;
while (queue.length > 0) {
  const file = queue.pop();
  if (!file || seen.has(file)) continue;
  seen.add(file);
  const text = readFileSync(join(dist, file), 'utf8');
  const size = gzipSync(text).length;
  total += size;
  process.stdout.write(`${String(Math.round(size / 102.4) / 10).padStart(7)} KB  ${file}\n`);
  for (const m of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) queue.push(`assets/${m[1]}`);
}
process.stdout.write(`${(total / 1024).toFixed(1)} KB of JavaScript, limit ${limit / 1024} KB\n`);
if (total > limit) process.exitCode = 1;
