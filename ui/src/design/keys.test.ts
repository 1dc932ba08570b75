import { describe, expect, it } from 'vitest';
import { keyName } from './keys';

const press = (init: KeyboardEventInit) => keyName(new KeyboardEvent('keydown', init));

describe('keys', () => {
  it('go by the physical key, so a Cyrillic layout answers too', () => {
    expect(press({ key: 'ь', code: 'KeyM' })).toBe('m');
    expect(press({ key: 'л', code: 'KeyK', ctrlKey: true })).toBe('ctrl+k');
    expect(press({ key: 'о', code: 'KeyJ', altKey: true })).toBe('alt+j');
  });
  it('name digits and arrows', () => {
    expect(press({ key: '1', code: 'Digit1' })).toBe('1');
    expect(press({ key: 'ArrowDown', code: 'ArrowDown', ctrlKey: true })).toBe('ctrl+down');
    expect(press({ key: '.', code: 'Slash' })).toBe('/');
  });
});
