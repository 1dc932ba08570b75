import { Button, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { LangCode } from '~/api/types';
import { Card } from '~/design/page';
import { ErrorNote, Loaded } from '~/design/state';
import { done } from '~/design/toast';
import { LANGS } from '~/i18n';
import { CURRENCIES, JURISDICTIONS } from './login';
import { sessionQuery } from './session';

export interface SenderBlock {
  shop_name?: string;
  shop_url?: string;
  legal_name?: string;
  postal_address?: string;
  email?: string;
  phone?: string;
}

export interface WorkspaceInfo {
  id: string;
  name: string;
  language: LangCode;
  timezone: string;
  jurisdiction: string;
  currency: string;
  settings: { sender?: SenderBlock; [key: string]: unknown };
}

export const workspaceKey = ['workspace'];

export function WorkspaceSettings() {
  const workspace = useQuery({
    queryKey: workspaceKey,
    queryFn: ({ signal }) => api.get<WorkspaceInfo>('/api/workspace', undefined, signal),
  });
  return <Loaded query={workspace}>{(w) => <Form key={w.id} workspace={w} />}</Loaded>;
}

const SENDER = ['shop_name', 'shop_url', 'legal_name', 'postal_address', 'email', 'phone'] as const;

function Form({ workspace }: { workspace: WorkspaceInfo }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [form, setForm] = useState(workspace);
  const sender = form.settings?.sender ?? {};
  const save = useMutation({
    mutationFn: () => {
      const { name, language, timezone, jurisdiction, currency, settings } = form;
      return api.patch<WorkspaceInfo>('/api/workspace', { name, language, timezone, jurisdiction, currency, settings });
    },
    onSuccess: (saved) => {
      client.setQueryData(workspaceKey, saved);
      void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
      done(t('state.saved'));
    },
  });
  return (
    <form
      className="col"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Card title={t('settings.workspace')}>
        <div className="grid" style={{ ['--min' as string]: '220px' }}>
          <TextInput
            label={t('settings.name')}
            required
            withAsterisk={false}
            value={form.name}
            onChange={(e) => setForm({ ...form, name: e.target.value })}
          />
          <Select
            label={t('settings.language')}
            data={LANGS.map((value) => ({ value, label: t(`lang.${value}`) }))}
            value={form.language}
            onChange={(language) => language && setForm({ ...form, language })}
          />
          <TextInput
            label={t('settings.timezone')}
            value={form.timezone}
            onChange={(e) => setForm({ ...form, timezone: e.target.value })}
          />
          <Select
            label={t('setup.jurisdiction')}
            data={JURISDICTIONS.map((value) => ({ value: value as string, label: t(`jurisdiction.${value}`) }))}
            value={form.jurisdiction}
            onChange={(jurisdiction) => jurisdiction && setForm({ ...form, jurisdiction })}
          />
          <Select
            label={t('setup.currency')}
            searchable
            data={[...new Set([form.currency, ...CURRENCIES])]}
            value={form.currency}
            onChange={(currency) => currency && setForm({ ...form, currency })}
          />
        </div>
      </Card>
      <Card title={t('settings.sender')}>
        <p className="dim" style={{ marginBottom: 12 }}>
          {t('settings.senderText')}
        </p>
        <div className="grid" style={{ ['--min' as string]: '260px' }}>
          {SENDER.map((key) => (
            <TextInput
              key={key}
              label={t(`settings.sender_${key}`)}
              value={sender[key] ?? ''}
              onChange={(e) =>
                setForm({ ...form, settings: { ...form.settings, sender: { ...sender, [key]: e.target.value } } })
              }
            />
          ))}
        </div>
      </Card>
      {save.error && <ErrorNote error={save.error} />}
      <div>
        <Button type="submit" loading={save.isPending}>
          {t('do.save')}
        </Button>
      </div>
    </form>
  );
}
