import { useMemo } from 'react';
import type { Money } from '~/api/types';
import type { TwinCell } from './chart';
import { useFormat } from './format';

export interface Cells {
  money: (value: Money | null | undefined) => TwinCell;
  minor: (value: number | null | undefined, currency: string) => TwinCell;
  pct: (value: number | null | undefined, digits?: number) => TwinCell;
  n: (value: number | null | undefined, digits?: number) => TwinCell;
  /** A month: words on the page, a date in a workbook. */
  month: (month: string) => TwinCell;
}

/** Cells of a table twin: shown as on the page, exported as bare numbers. */
export function useCells(): Cells {
  const f = useFormat();
  return useMemo(() => {
    const minor: Cells['minor'] = (value, currency) => ({
      n: typeof value === 'number' ? value / 100 : null,
      text: f.money(value, currency),
    });
    return {
      minor,
      money: (value) => (value ? minor(value.minor, value.currency) : minor(null, '')),
      pct: (value, digits) => ({ n: value, text: f.pct(value, digits) }),
      month: (month) => ({ month, text: f.month(month) }),
      n: (value, digits) => ({ n: value, text: f.n(value, digits) }),
    };
  }, [f]);
}
