import { Button, Modal, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, newKey } from '~/api/client';
import type { CustomerEntered } from '~/api/types';
import { ErrorNote } from '~/design/state';
import { done } from '~/design/toast';
import { CorrectionFields, type Corrections, filled } from './correct';
import { fieldOf } from './fault';
import { Likely, useLikely } from './likely';

/** Enters somebody new. Who may be here already is said while the form is being filled in. */
export function EnterForm({
  known = {},
  onClose,
  onDone,
}: {
  known?: Corrections;
  onClose: () => void;
  /** The customer who came of it, or who it was all along. */
  onDone: (id: string) => void;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [form, setForm] = useState<Corrections>(known);
  const [note, setNote] = useState('');
  const [others, setOthers] = useState<string[]>([]);
  // One key for one filled form: a second press enters nobody twice.
  const key = useRef({ of: '', key: '' });
  const { found } = useLikely(form);
  const save = useMutation({
    mutationFn: () => {
      const body = { ...filled(form), note: note.trim(), not_same_as: others };
      const of = JSON.stringify(body);
      if (key.current.of !== of) key.current = { of, key: newKey() };
      return api.post<CustomerEntered>('/api/customers', body, { idempotencyKey: key.current.key });
    },
    onSuccess: ({ customer, joined }) => {
      for (const what of ['customers', 'dedup', 'reviews']) void client.invalidateQueries({ queryKey: [what] });
      done(joined ? t('enter.joined') : t('enter.done'));
      onDone(customer.id);
    },
  });
  return (
    <Modal opened onClose={onClose} title={t('enter.title')}>
      <form
        className="col"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <p className="dim">{t('enter.text')}</p>
        <CorrectionFields form={form} onChange={setForm} name="" error={save.error} fresh />
        <Textarea label={t('enter.note')} autosize minRows={2} value={note} onChange={(e) => setNote(e.target.value)} />
        <Likely
          found={found}
          onSame={(customer) => onDone(customer.id)}
          others={others}
          onOther={(id) => setOthers((list) => [...list, id])}
        />
        {save.error && !fieldOf(save.error) && <ErrorNote error={save.error} />}
        <div className="row">
          <Button type="submit" loading={save.isPending} disabled={Object.keys(filled(form)).length === 0}>
            {t('enter.save')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('do.cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
