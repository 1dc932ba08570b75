import { Button, NumberInput, PasswordInput, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Copy } from '~/access/users-settings';
import { api, Problem } from '~/api/client';
import { DomainChecks } from '~/campaign/wizard-launch';
import { Card } from '~/design/page';
import { ErrorNote, Loaded } from '~/design/state';
import { done } from '~/design/toast';
import '~/access/settings.css';

type Config = Record<string, unknown>;

interface SenderView {
  configured: boolean;
  config: Config | null;
  password_set: boolean;
}

function senderQuery(channel: 'email' | 'sms') {
  return {
    queryKey: ['sender', channel],
    queryFn: ({ signal }: { signal: AbortSignal }) => api.get<SenderView>(`/api/senders/${channel}`, undefined, signal),
  };
}

interface Field {
  key: string;
  label:
    | 'host'
    | 'port'
    | 'security'
    | 'user'
    | 'password'
    | 'domain'
    | 'bounce'
    | 'selector'
    | 'rate'
    | 'systemId'
    | 'source'
    | 'window';
  kind?: 'number' | 'password' | 'security';
}

const EMAIL: Field[] = [
  { key: 'host', label: 'host' },
  { key: 'port', label: 'port', kind: 'number' },
  { key: 'security', label: 'security', kind: 'security' },
  { key: 'user', label: 'user' },
  { key: 'password', label: 'password', kind: 'password' },
  { key: 'domain', label: 'domain' },
  { key: 'bounce_domain', label: 'bounce' },
  { key: 'selector', label: 'selector' },
  { key: 'rate_per_second', label: 'rate', kind: 'number' },
];
const SMS: Field[] = [
  { key: 'host', label: 'host' },
  { key: 'port', label: 'port', kind: 'number' },
  { key: 'system_id', label: 'systemId' },
  { key: 'password', label: 'password', kind: 'password' },
  { key: 'source', label: 'source' },
  { key: 'window', label: 'window', kind: 'number' },
  { key: 'rate_per_second', label: 'rate', kind: 'number' },
];
const EMAIL_START: Config = {
  host: '',
  port: 587,
  security: 'start_tls',
  domain: '',
  bounce_domain: '',
  selector: 'otklik',
  rate_per_second: 50,
};
const SMS_START: Config = { host: '', port: 2775, system_id: '', source: '', window: 10, rate_per_second: 20 };

export function SendersSettings() {
  const { t } = useTranslation();
  const email = useQuery(senderQuery('email'));
  const sms = useQuery(senderQuery('sms'));
  return (
    <>
      <Card title={t('channel.email')}>
        <Loaded query={email}>
          {(v) => <SenderForm channel="email" fields={EMAIL} view={v} start={EMAIL_START} />}
        </Loaded>
      </Card>
      <Dkim />
      <Card title={t('channel.sms')}>
        <Loaded query={sms}>{(v) => <SenderForm channel="sms" fields={SMS} view={v} start={SMS_START} />}</Loaded>
      </Card>
    </>
  );
}

function SenderForm({
  channel,
  fields,
  view,
  start,
}: {
  channel: 'email' | 'sms';
  fields: Field[];
  view: SenderView;
  start: Config;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [form, setForm] = useState<Config>({ ...start, ...view.config, password: '' });
  const save = useMutation({
    mutationFn: () => {
      const { password, ...config } = form;
      return api.put(`/api/senders/${channel}`, password ? { config, password } : { config });
    },
    onSuccess: () => {
      done(t('state.saved'));
      void client.invalidateQueries({ queryKey: ['sender', channel] });
      void client.invalidateQueries({ queryKey: ['dkim'] });
    },
  });
  const set = (key: string, value: unknown) => setForm({ ...form, [key]: value });
  return (
    <form
      className="col"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <div className="grid" style={{ ['--min' as string]: '190px' }}>
        {fields.map((field) => {
          const label = t(`sender.${field.label}`);
          const value = form[field.key];
          if (field.kind === 'number')
            return (
              <NumberInput
                key={field.key}
                label={label}
                min={0}
                value={typeof value === 'number' ? value : ''}
                onChange={(v) => set(field.key, Number(v) || 0)}
              />
            );
          if (field.kind === 'password')
            return (
              <PasswordInput
                key={field.key}
                label={label}
                autoComplete="off"
                placeholder={view.password_set ? t('sender.unchanged') : undefined}
                value={String(value ?? '')}
                onChange={(e) => set(field.key, e.target.value)}
              />
            );
          if (field.kind === 'security')
            return (
              <Select
                key={field.key}
                label={label}
                value={String(value ?? 'start_tls')}
                onChange={(v) => set(field.key, v)}
                data={[...new Set(['start_tls', 'tls', 'none', String(value ?? 'start_tls')])].map((v) => ({
                  value: v,
                  label: v === 'start_tls' ? 'STARTTLS' : v === 'tls' ? 'TLS' : v === 'none' ? t('sender.plain') : v,
                }))}
              />
            );
          return (
            <TextInput
              key={field.key}
              label={label}
              value={String(value ?? '')}
              onChange={(e) => set(field.key, e.target.value)}
            />
          );
        })}
      </div>
      {save.error && <ErrorNote error={save.error} />}
      <div>
        <Button type="submit" loading={save.isPending}>
          {t('do.save')}
        </Button>
      </div>
    </form>
  );
}

interface Record_ {
  selector: string;
  record_name: string;
  record_value: string;
}

function Dkim() {
  const { t } = useTranslation();
  const dkim = useQuery({
    queryKey: ['dkim'],
    queryFn: ({ signal }) => api.get<Record_>('/api/senders/email/dkim', undefined, signal),
    retry: false,
  });
  const check = useMutation({
    mutationFn: () => api.post<{ check: string; ok: boolean; detail: string }[]>('/api/senders/email/check'),
  });
  return (
    <Card
      title={t('sender.dns')}
      aside={
        <Button size="compact-sm" variant="default" loading={check.isPending} onClick={() => check.mutate()}>
          {t('do.check')}
        </Button>
      }
    >
      <div className="col">
        <p className="dim">{t('sender.dnsText')}</p>
        {dkim.error instanceof Problem && dkim.error.status < 500 ? (
          <p className="dim">{t('sender.dnsLater')}</p>
        ) : (
          <Loaded query={dkim}>
            {(d) => (
              <div className="dns">
                <span className="dim">{t('sender.recordName')}</span>
                <code>{d.record_name}</code>
                <Copy value={d.record_name} />
                <span className="dim">TXT</span>
                <code>{d.record_value}</code>
                <Copy value={d.record_value} />
              </div>
            )}
          </Loaded>
        )}
        {check.error && <ErrorNote error={check.error} />}
        {check.data && <DomainChecks list={check.data} />}
      </div>
    </Card>
  );
}
