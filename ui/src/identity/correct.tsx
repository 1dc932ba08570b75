import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import type { CustomerCard } from '~/api/types';
import { useSession } from '~/app/router';
import { ErrorNote } from '~/design/state';
import { done } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { fieldOf } from './fault';
import { Likely, useLikely } from './likely';
import { PairDialog } from './pair';

export interface Corrections {
  name?: string;
  phone?: string;
  email?: string;
  address?: string;
}

/** Only what was typed is sent: an empty field changes nothing. */
export function filled(form: Corrections): Corrections {
  return Object.fromEntries(Object.entries(form).filter(([, value]) => value?.trim())) as Corrections;
}

export function CorrectionFields({
  form,
  onChange,
  name,
  error,
  fresh,
}: {
  form: Corrections;
  onChange: (form: Corrections) => void;
  name: string;
  /** A refusal of the server, shown at the field it is about. */
  error?: unknown;
  /** Nothing is known yet: the labels say "phone" and not "new phone". */
  fresh?: boolean;
}) {
  const { t } = useTranslation();
  const word = useWord();
  const wrong = fieldOf(error);
  const field = (key: keyof Corrections, label: string, placeholder?: string, inputMode?: 'tel' | 'email') => (
    <TextInput
      label={label}
      inputMode={inputMode}
      placeholder={placeholder}
      value={form[key] ?? ''}
      error={wrong?.field === key ? word(`fault.${wrong.code}`) : undefined}
      onChange={(e) => onChange({ ...form, [key]: e.target.value })}
      data-autofocus={key === 'name' || undefined}
    />
  );
  return (
    <>
      {field('name', t('roleOf.full_name'), name)}
      {field('phone', t(fresh ? 'correct.phoneNew' : 'correct.phone'), '+380', 'tel')}
      {field('email', t(fresh ? 'correct.emailNew' : 'correct.email'), undefined, 'email')}
      {field('address', t(fresh ? 'correct.addressNew' : 'correct.address'))}
    </>
  );
}

export function CorrectForm({ card, onClose }: { card: CustomerCard; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const session = useSession();
  const [form, setForm] = useState<Corrections>({});
  const [pairWith, setPairWith] = useState<string>();
  const typed = filled(form);
  // What is typed is weighed together with the name that is known: a number that a relative shares is no double.
  const { found } = useLikely(Object.keys(typed).length > 0 ? { name: card.name, ...typed } : {}, card.id);
  const save = useMutation({
    mutationFn: () => api.patch(`/api/customers/${card.id}`, typed),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['customer', card.id] });
      void client.invalidateQueries({ queryKey: ['customers'] });
      void client.invalidateQueries({ queryKey: ['timeline', card.id] });
      done(t('state.saved'));
      onClose();
    },
  });
  if (pairWith)
    return <PairDialog id={card.id} other={pairWith} onBack={() => setPairWith(undefined)} onClose={onClose} />;
  return (
    <Modal opened onClose={onClose} title={t('correct.title')}>
      <form
        className="col"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <p className="dim">{t('correct.text')}</p>
        <CorrectionFields form={form} onChange={setForm} name={card.name} error={save.error} />
        <Likely found={found} onSame={can(session, 'people') ? (c) => setPairWith(c.id) : undefined} />
        {save.error && !fieldOf(save.error) && <ErrorNote error={save.error} />}
        <div className="row">
          <Button type="submit" loading={save.isPending} disabled={Object.keys(typed).length === 0}>
            {t('do.save')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('do.cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
