import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import en from './en.json';
import ru from './ru.json';
import uk from './uk.json';

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, prefix = ''): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const path = prefix ? `${prefix}.${key}` : key;
    if (typeof value === 'string') out.set(path, value);
    else for (const [k, v] of flat(value, path)) out.set(k, v);
  }
  return out;
}

const all = { ru: flat(ru as Tree), uk: flat(uk as Tree), en: flat(en as Tree) };
const PLURAL = /_(zero|one|two|few|many|other)$/;

/** Keys with plural forms folded to one name. */
function names(catalogue: Map<string, string>): Set<string> {
  return new Set([...catalogue.keys()].map((key) => key.replace(PLURAL, '#')));
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

describe('catalogues', () => {
  it('say the same things in three languages', () => {
    const russian = names(all.ru);
    for (const lang of ['uk', 'en'] as const) {
      const other = names(all[lang]);
      expect(
        [...russian].filter((key) => !other.has(key)),
        `missing in ${lang}`,
      ).toEqual([]);
      expect(
        [...other].filter((key) => !russian.has(key)),
        `only in ${lang}`,
      ).toEqual([]);
    }
  });

  it('hold every plural form of their language', () => {
    for (const [lang, catalogue] of Object.entries(all)) {
      const forms = new Intl.PluralRules(lang).resolvedOptions().pluralCategories;
      const stems = new Set([...catalogue.keys()].filter((k) => PLURAL.test(k)).map((k) => k.replace(PLURAL, '')));
      const gaps = [...stems].flatMap((stem) =>
        forms.filter((form) => !catalogue.has(`${stem}_${form}`)).map((form) => `${lang}: ${stem}_${form}`),
      );
      expect(gaps).toEqual([]);
    }
  });

  it('use the same placeholders', () => {
    const holes = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((m) => m[1]).sort();
    const wrong: string[] = [];
    for (const [key, text] of all.ru) {
      const form = key.match(PLURAL);
      for (const lang of ['uk', 'en'] as const) {
        const other = all[lang].get(key) ?? (form ? all[lang].get(key.replace(PLURAL, '_other')) : undefined);
        if (other === undefined || JSON.stringify(holes(text)) !== JSON.stringify(holes(other)))
          wrong.push(`${lang} ${key}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('leave no text empty', () => {
    for (const catalogue of Object.values(all))
      expect([...catalogue].filter(([, text]) => !text.trim()).map(([key]) => key)).toEqual([]);
  });
});

describe('components', () => {
  // Names of keys, of the product and of formats are the same in every language.
  const SAME =
    /^(Otklik|Ctrl( .)?|Esc|Enter|Alt|Tab|Shift|Space|CSV|XLSX|PNG|DKIM|SPF|DMARC|SMS|SMTP|SMPP|API|MJML|HTML|TXT|ID|x|t|T|p|r|n|N|[A-Z]|[+\-–—·•→←↑↓×÷%±≈=:;,.()/\\|"'#№…\d\s])+$/;
  const SPOKEN = new Set([
    'label',
    'placeholder',
    'title',
    'aria-label',
    'alt',
    'description',
    'lead',
    'hint',
    'note',
    'error',
    'tooltip',
  ]);
  const folder = join(import.meta.dirname, '..');
  const files = walk(folder).filter((file) => file.endsWith('.tsx') && !file.includes('.test.'));

  it('contain no literal text', () => {
    const found: string[] = [];
    for (const file of files) {
      const source = ts.createSourceFile(
        file,
        readFileSync(file, 'utf8'),
        ts.ScriptTarget.Latest,
        true,
        ts.ScriptKind.TSX,
      );
      const report = (node: ts.Node, text: string) => {
        const clean = text.replace(/&\w+;/g, '').trim();
        if (!/\p{L}/u.test(clean) || SAME.test(clean)) return;
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        found.push(`${relative(folder, file)}:${line + 1} ${clean}`);
      };
      const visit = (node: ts.Node) => {
        if (
          ts.isJsxText(node) &&
          !(ts.isJsxElement(node.parent) && node.parent.openingElement.tagName.getText() === 'kbd')
        )
          report(node, node.text);
        if (
          ts.isJsxAttribute(node) &&
          SPOKEN.has(node.name.getText()) &&
          node.initializer &&
          ts.isStringLiteral(node.initializer)
        )
          report(node, node.initializer.text);
        ts.forEachChild(node, visit);
      };
      visit(source);
    }
    expect(found).toEqual([]);
  });

  it('ask only for keys that exist, and no key is left unused', () => {
    const known = new Set([...all.ru.keys()].map((key) => key.replace(PLURAL, '')));
    const stems = new Set<string>();
    const exact = new Set<string>();
    for (const file of walk(folder).filter((f) => /\.tsx?$/.test(f))) {
      const text = readFileSync(file, 'utf8');
      for (const m of text.matchAll(/['"`]([a-z][\w]*(?:\.[\w-]+)+)['"`]/g)) if (m[1]) exact.add(m[1]);
      for (const m of text.matchAll(/`([a-z][\w]*(?:\.[\w-]+)*\.)\$\{/g)) if (m[1]) stems.add(m[1]);
    }
    const unused = [...known].filter((key) => !exact.has(key) && ![...stems].some((stem) => key.startsWith(stem)));
    expect(unused).toEqual([]);
  });
});
