import { describe, expect, it } from 'vitest';
import { scriptParts } from './script-text';

describe('script', () => {
  it('is cut at its headings and knows its branches', () => {
    const parts = scriptParts('# Приветствие\nДобрый день!\n\n# Если «нет»\nСпасибо, что сказали.\n');
    expect(parts).toEqual([
      { title: 'Приветствие', text: 'Добрый день!', branch: false },
      { title: 'Если «нет»', text: 'Спасибо, что сказали.', branch: true },
    ]);
  });
  it('keeps text without headings whole', () => {
    expect(scriptParts('Just talk.')).toEqual([{ title: '', text: 'Just talk.', branch: false }]);
  });
});
