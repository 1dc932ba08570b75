import { describe, expect, it } from 'vitest';
import { Problem } from '~/api/client';
import { fieldOf } from './fault';
import { askable } from './likely';

describe('a refusal of a form about a person', () => {
  it('stands at its field', () => {
    const refused = new Problem(422, { code: 'phone_unreadable', fields: [{ path: 'phone', what: 'no number' }] });
    expect(fieldOf(refused)).toEqual({ field: 'phone', code: 'phone_unreadable' });
  });
  it('finds its field by the code when the server names none', () => {
    expect(fieldOf(new Problem(422, { code: 'email_unreadable' }))?.field).toBe('email');
  });
  it('is no field’s when it is about something else', () => {
    expect(fieldOf(new Problem(409, { code: 'kept_apart' }))).toBeUndefined();
    expect(fieldOf(new Problem(422, { code: 'nothing_to_correct' }))).toBeUndefined();
    expect(fieldOf(new Error('x'))).toBeUndefined();
  });
});

describe('a half-filled form', () => {
  it('is asked about once it may name somebody', () => {
    expect(askable({ name: 'Ол' })).toBeUndefined();
    expect(askable({ phone: '+380 67' })).toBeUndefined();
    expect(askable({ address: 'Київ, Хрещатик 1' })).toBeUndefined();
    expect(askable({ name: ' Олена ', phone: '' })).toEqual({ name: 'Олена' });
    expect(askable({ phone: '067 123-45' })).toEqual({ phone: '067 123-45' });
    expect(askable({ email: 'o@u' })).toEqual({ email: 'o@u' });
  });
});
