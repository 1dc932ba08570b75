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

function dateOf(value: string | number | Date): Date {
  // A bare day belongs to the shop's calendar, not to the reader's time zone.
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value)) return new Date(`${value}T00:00:00`);
  // The API also gives days as their number since 1970-01-01; no moment of a shop lies in its first two minutes.
  if (typeof value === 'number' && Math.abs(value) < 100_000) return new Date(1970, 0, 1 + value);
  return new Date(value);
}

function digitsOf(currency: string, locale: string): number {
  return new Intl.NumberFormat(locale, { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

export function formats(lang: string): Formats {
  const locale = LOCALE[lang] ?? 'en-GB';
  const plain = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
  const dayTime = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const monthYear = new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric' });
  const lists = new Intl.ListFormat(locale, { type: 'conjunction' });
  const when = (format: Intl.DateTimeFormat, value: string | number | Date | null | undefined) => {
    if (value === null || value === undefined || value === '') return NONE;
    const date = dateOf(value);
    // "2024 г." and "2024 р.": the year speaks for itself in a table.
    return Number.isNaN(date.getTime()) ? String(value) : format.format(date).replace(/\s[гр]\.(?=,|$)/, '');
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
