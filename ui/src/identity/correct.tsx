import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { CustomerCard } from '~/api/types';
import { ErrorNote } from '~/design/state';
import { done } from '~/design/toast';

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
}: {
  form: Corrections;
  onChange: (form: Corrections) => void;
  name: string;
}) {
  const { t } = useTranslation();
  const field = (key: keyof Corrections, label: string, placeholder?: string, type?: string) => (
    <TextInput
      label={label}
      type={type}
      placeholder={placeholder}
      value={form[key] ?? ''}
      onChange={(e) => onChange({ ...form, [key]: e.target.value })}
    />
  );
  return (
    <>
      {field('name', t('roleOf.full_name'), name)}
      {field('phone', t('correct.phone'), '+380', 'tel')}
      {field('email', t('correct.email'), undefined, 'email')}
      {field('address', t('correct.address'))}
    </>
  );
}

export function CorrectForm({ card, onClose }: { card: CustomerCard; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [form, setForm] = useState<Corrections>({});
  const save = useMutation({
    mutationFn: () => api.patch(`/api/customers/${card.id}`, filled(form)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['customer', card.id] });
      void client.invalidateQueries({ queryKey: ['customers'] });
      done(t('state.saved'));
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t('correct.title')}>
      <form
        className="col"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <p className="dim">{t('correct.text')}</p>
        <CorrectionFields form={form} onChange={setForm} name={card.name} />
        {save.error && <ErrorNote error={save.error} />}
        <div className="row">
          <Button type="submit" loading={save.isPending} disabled={Object.keys(filled(form)).length === 0}>
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
