import { describe, expect, it } from 'vitest';
import { NO_REFUSAL, said } from './refusal';

describe('a refusal', () => {
  it('sends only what was said', () => {
    expect(said(NO_REFUSAL)).toEqual({});
    expect(said({ ...NO_REFUSAL, reason: 'competitor', competitor: ' Книгарня ', employee: '  ' })).toEqual({
      reason: 'competitor',
      competitor: 'Книгарня',
    });
  });
});
