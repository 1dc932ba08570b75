import { describe, expect, it } from 'vitest';
import { csvCell } from './file';
import { formats, NONE } from './format';

const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');

describe('numbers and money', () => {
  const ru = formats('ru');
  it('writes thousands and the narrow currency sign', () => {
    expect(plain(ru.n(3720))).toBe('3 720');
    expect(plain(ru.money(123450, 'UAH'))).toBe('1 235 ₴');
    expect(plain(ru.money(23050, 'UAH'))).toBe('230,50 ₴');
  });
  it('respects currencies without minor units', () => {
    expect(plain(formats('en').money(1500, 'JPY'))).toContain('1,500');
  });
  it('never shows NaN', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, null, undefined]) {
      expect(ru.n(bad)).toBe(NONE);
      expect(ru.pct(bad)).toBe(NONE);
      expect(ru.money(bad, 'UAH')).toBe(NONE);
    }
  });
  it('keeps a bare day on its day in every time zone', () => {
    expect(plain(formats('en').date('2024-09-01'))).toBe('1 Sept 2024');
    expect(plain(formats('en').date(19_967))).toBe('1 Sept 2024');
  });
  it('tells a moment by the clock of the workspace', () => {
    expect(plain(formats('en', 'Europe/Kyiv').dateTime('2024-09-01T22:30:00Z'))).toBe('2 Sept 2024, 01:30');
    expect(plain(formats('ru', 'America/New_York').date('2024-09-01T02:30:00Z'))).toBe('31 авг. 2024');
  });
});

describe('csv cells', () => {
  it('defuses formulas and leaves numbers alone', () => {
    expect(csvCell('=HYPERLINK("x")')).toBe('"\'=HYPERLINK(""x"")"');
    expect(csvCell('@cmd')).toBe("'@cmd");
    expect(csvCell('-12.5')).toBe('-12.5');
    expect(csvCell(-3)).toBe('-3');
  });
});
