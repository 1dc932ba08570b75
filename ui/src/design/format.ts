import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

const LOCALE: Record<string, string> = { ru: 'ru-RU', uk: 'uk-UA', en: 'en-GB' };

export interface Formats {
  n: (value: number | null | undefined, digits?: number) => string;
  money: (minor: number | null | undefined, currency?: string | null) => string;
  pct: (share: number | null | undefined, digits?: number) => string;
  date: (value: string | number | Date | null | undefined) => string;
  dateTime: (value: string | number | Date | null | undefined) => string;
  time: (value: string | number | Date | null | undefined) => string;
  month: (value: string | null | undefined) => string;
  list: (items: string[]) => string;
}

export const NONE = '–';

const DAY = 86_400_000;

/** A bare day belongs to the shop's calendar and to no time zone: `2024-09-01`, or its number since 1970-01-01. */
function dayOf(value: string | number | Date): Date | undefined {
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value)) return new Date(`${value}T00:00:00Z`);
  // No moment of a shop lies in the first two minutes of 1970.
  if (typeof value === 'number' && Math.abs(value) < 100_000) return new Date(value * DAY);
  return undefined;
}

let zone: string | undefined;

/** Moments are told by the clock of the workspace, wherever the reader sits. */
export function setZone(name: string): void {
  try {
    zone = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    // A zone that this browser does not know: its own is better than none.
    zone = undefined;
  }
}

function digitsOf(currency: string, locale: string): number {
  return new Intl.NumberFormat(locale, { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** How an amount is typed in a currency: the sign where the language puts it, as in everything that is shown. */
export function moneyField(lang: string, currency: string) {
  const locale = LOCALE[lang] ?? 'en-GB';
  const parts = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  }).formatToParts(-1234567.5);
  const of = (type: Intl.NumberFormatPartTypes) => parts.find((p) => p.type === type)?.value;
  const at = parts.findIndex((p) => p.type === 'currency');
  const sign = of('currency') ?? currency;
  const before = at < parts.findIndex((p) => p.type === 'integer');
  const gap = parts[before ? at + 1 : at - 1]?.type === 'literal' ? '\u00a0' : '';
  return {
    prefix: before ? `${sign}${gap}` : undefined,
    suffix: before ? undefined : `${gap}${sign}`,
    thousandSeparator: of('group') ?? '\u00a0',
    decimalSeparator: of('decimal') ?? '.',
    decimalScale: digitsOf(currency, locale),
  };
}

/** Major units of minor ones in a currency, for such a field. */
export function majorScale(currency: string): number {
  return 10 ** digitsOf(currency, 'en-GB');
}

export function useMoneyField(currency: string) {
  const { i18n } = useTranslation();
  return useMemo(() => moneyField(i18n.language, currency), [i18n.language, currency]);
}

export function formats(lang: string, timeZone = zone): Formats {
  const locale = LOCALE[lang] ?? 'en-GB';
  const plain = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const both = (shape: Intl.DateTimeFormatOptions) => ({
    day: new Intl.DateTimeFormat(locale, { ...shape, timeZone: 'UTC' }),
    moment: new Intl.DateTimeFormat(locale, { ...shape, timeZone }),
  });
  const day = both({ day: 'numeric', month: 'short', year: 'numeric' });
  const dayTime = both({ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
  const clock = both({ hour: '2-digit', minute: '2-digit' });
  const monthYear = both({ month: 'short', year: 'numeric' });
  const lists = new Intl.ListFormat(locale, { type: 'conjunction' });
  const when = (format: ReturnType<typeof both>, value: string | number | Date | null | undefined) => {
    if (value === null || value === undefined || value === '') return NONE;
    const bare = dayOf(value);
    const date = bare ?? new Date(value);
    if (Number.isNaN(date.getTime())) return String(value);
    // "2024 г." and "2024 р.": the year speaks for itself in a table.
    return (bare ? format.day : format.moment).format(date).replace(/\s[гр]\.(?=,|$)/, '');
  };
  return {
    n: (value, digits) => {
      if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
      if (!digits) return plain.format(value);
      return new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
        value,
      );
    },
    money: (minor, currency) => {
      if (minor === null || minor === undefined || !Number.isFinite(minor)) return NONE;
      if (!currency) return plain.format(minor / 100);
      const digits = digitsOf(currency, locale);
      const value = minor / 10 ** digits;
      const whole = Math.abs(value) >= 1000 || Number.isInteger(value);
      return new Intl.NumberFormat(locale, {
        style: 'currency',
        currency,
        currencyDisplay: 'narrowSymbol',
        minimumFractionDigits: whole ? 0 : digits,
        maximumFractionDigits: whole ? 0 : digits,
      }).format(value);
    },
    pct: (share, digits = 1) =>
      share === null || share === undefined || !Number.isFinite(share)
        ? NONE
        : new Intl.NumberFormat(locale, {
            style: 'percent',
            minimumFractionDigits: 0,
            maximumFractionDigits: digits,
          }).format(share),
    date: (value) => when(day, value),
    dateTime: (value) => when(dayTime, value),
    time: (value) => when(clock, value),
    month: (value) => when(monthYear, value && /^\d{4}-\d{2}$/.test(value) ? `${value}-01` : value),
    list: (items) => lists.format(items),
  };
}

export function useFormat(): Formats {
  const { i18n } = useTranslation();
  return useMemo(() => formats(i18n.language), [i18n.language]);
}
