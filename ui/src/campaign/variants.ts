import type { Body, ByLang, LangCode, TextChange, VariantDraft, WaveDraft } from '~/api/types';

export const MOST_VARIANTS = 6;
const BLANK: Body = { subject: '', mjml: '', text: '' };

/** What a wave says to the people of a variant; the server reckons the same. */
export function textsOf(own: ByLang<Body>, variant: VariantDraft | undefined): ByLang<Body> {
  const out: ByLang<Body> = { ...own };
  for (const [lang, change] of Object.entries(variant?.changes ?? {}) as [LangCode, TextChange][]) {
    const base = own[lang] ?? BLANK;
    out[lang] = {
      subject: change.subject ?? base.subject,
      mjml: change.mjml ?? base.mjml,
      // The plain-text part belongs to the body that it was made from.
      text: change.text ?? (typeof change.mjml === 'string' ? '' : base.text),
    };
  }
  return out;
}

/** What of these texts is not the wave's own. */
export function changesOf(own: ByLang<Body>, texts: ByLang<Body>): ByLang<TextChange> {
  const out: ByLang<TextChange> = {};
  for (const [lang, body] of Object.entries(texts) as [LangCode, Body][]) {
    const base = own[lang] ?? BLANK;
    const change: TextChange = {};
    if (body.subject !== base.subject) change.subject = body.subject;
    if (body.mjml !== base.mjml) change.mjml = body.mjml;
    const kept = typeof change.mjml === 'string' && body.text === '';
    if (body.text !== base.text && !kept) change.text = body.text;
    if (Object.keys(change).length > 0) out[lang] = change;
  }
  return out;
}

/** The share of each variant; those without one share what the others leave. */
export function sharesOf(variants: VariantDraft[]): number[] {
  const open = variants.filter((v) => typeof v.share !== 'number').length;
  const given = variants.reduce((sum, v) => sum + (v.share ?? 0), 0);
  const rest = open > 0 ? Math.max(0, 1 - given) / open : 0;
  return variants.map((v) => v.share ?? rest);
}

/** Gives one variant a share; the others keep their proportions in what is left. Hundredths, summing to one. */
export function withShare(variants: VariantDraft[], index: number, share: number): VariantDraft[] {
  const others = variants.length - 1;
  const mine = Math.min(Math.max(Math.round(share * 100), 1), 100 - others);
  const shares = sharesOf(variants);
  const before = shares.reduce((sum, s, i) => (i === index ? sum : sum + s), 0);
  let left = 100 - mine;
  let after = others;
  return variants.map((variant, i) => {
    if (i === index) return { ...variant, share: mine / 100 };
    after -= 1;
    const fair = before > 0 ? ((100 - mine) * (shares[i] ?? 0)) / before : left / (after + 1);
    const part = after === 0 ? left : Math.min(Math.max(Math.round(fair), 1), left - after);
    left -= part;
    return { ...variant, share: part / 100 };
  });
}

/** A letter that no variant is called by yet. */
function freeName(variants: VariantDraft[]): string {
  const taken = new Set(variants.map((v) => v.name.trim().toUpperCase()));
  return [...'ABCDEFGHIJ'].find((letter) => !taken.has(letter)) ?? String(variants.length + 1);
}

/** One variant more, equal shares; the first one makes two: the wave as it is, and another. */
export function withVariant(variants: VariantDraft[]): VariantDraft[] {
  const before = variants.length > 0 ? variants : [{ name: 'A', share: null, changes: {} }];
  return [...before, { name: freeName(before), share: null, changes: {} }].map((v) => ({ ...v, share: null }));
}

/** One variant less. The last one left is the wave itself. */
export function withoutVariant(wave: WaveDraft, index: number): Pick<WaveDraft, 'bodies' | 'variants'> {
  const variants = wave.variants.filter((_, i) => i !== index).map((v) => ({ ...v, share: null }));
  if (variants.length > 1) return { bodies: wave.bodies, variants };
  return { bodies: textsOf(wave.bodies, variants[0]), variants: [] };
}

/** Texts typed for a variant. A control that says what the wave says writes the wave itself. */
export function withTexts(
  wave: WaveDraft,
  index: number,
  texts: ByLang<Body>,
): Partial<Pick<WaveDraft, 'bodies' | 'variants'>> {
  const variant = wave.variants[index];
  if (!variant || (index === 0 && Object.keys(variant.changes).length === 0)) return { bodies: texts };
  const before = textsOf(wave.bodies, variant);
  const mended = Object.fromEntries(
    (Object.entries(texts) as [LangCode, Body][]).map(([lang, body]) => {
      const own = wave.bodies[lang];
      // A new body of a letter leaves the plain-text part of the old one behind, unless that was typed in the same breath.
      const leaves = own && body.mjml !== own.mjml && body.text === own.text && before[lang]?.text === body.text;
      return [lang, leaves ? { ...body, text: '' } : body];
    }),
  ) as ByLang<Body>;
  const changes = changesOf(wave.bodies, mended);
  return { variants: wave.variants.map((v, i) => (i === index ? { ...v, changes } : v)) };
}
