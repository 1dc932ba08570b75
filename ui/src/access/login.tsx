import { Button, PasswordInput, Select, TextInput } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LangCode } from '~/api/types';
import { LogoMark } from '~/app/logo';
import { LanguageMenu } from '~/app/shell';
import { ErrorNote } from '~/design/state';
import { useSetup, useSignIn } from './session';
import './login.css';

function Door({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Otklik`;
  }, [title]);
  return (
    <main className="door">
      <div className="door-lang">
        <LanguageMenu />
      </div>
      <div className="door-box">
        <div className="row">
          <LogoMark size={34} />
          <span className="door-name">Otklik</span>
        </div>
        <div className="col tight">
          <h1>{title}</h1>
          <p className="dim">{lead}</p>
        </div>
        {children}
      </div>
    </main>
  );
}

export function LoginPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { next } = useSearch({ from: '/login' });
  const signIn = useSignIn();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  return (
    <Door title={t('login.title')} lead={t('login.lead')}>
      <form
        className="col"
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate(
            { email, password },
            { onSuccess: () => void navigate({ to: next?.startsWith('/') && !next.startsWith('//') ? next : '/' }) },
          );
        }}
      >
        <TextInput
          label={t('login.email')}
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          value={email}
          onChange={(e) => setEmail(e.target.value)}
          size="md"
          data-autofocus
        />
        <PasswordInput
          label={t('login.password')}
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(e) => setPassword(e.target.value)}
          size="md"
        />
        {signIn.error && <ErrorNote error={signIn.error} />}
        <Button type="submit" size="md" loading={signIn.isPending} fullWidth>
          {t('login.go')}
        </Button>
        <p className="dim small">{t('login.first')}</p>
      </form>
    </Door>
  );
}

export const JURISDICTIONS = ['ua', 'ru', 'eu', 'us', 'other'] as const;
export const CURRENCIES = ['UAH', 'RUB', 'EUR', 'USD', 'GBP', 'PLN', 'KZT', 'BYN', 'GEL', 'TRY'];
const CURRENCY_OF: Record<(typeof JURISDICTIONS)[number], string> = {
  ua: 'UAH',
  ru: 'RUB',
  eu: 'EUR',
  us: 'USD',
  other: 'USD',
};

export function SetupPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { token } = useSearch({ from: '/setup' });
  const setup = useSetup();
  const { i18n } = useTranslation();
  const [form, setForm] = useState({ name: '', workspace_name: '', email: '', password: '', repeat: '' });
  const [jurisdiction, setJurisdiction] = useState<(typeof JURISDICTIONS)[number]>('ua');
  const [currency, setCurrency] = useState('UAH');
  const [touched, setTouched] = useState(false);
  const set = (key: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm({ ...form, [key]: event.target.value });
  const short = form.password.length < 10;
  const differ = form.password !== form.repeat;
  if (!token)
    return (
      <Door title={t('setup.title')} lead={t('setup.noToken')}>
        {null}
      </Door>
    );
  return (
    <Door title={t('setup.title')} lead={t('setup.lead')}>
      <form
        className="col"
        onSubmit={(event) => {
          event.preventDefault();
          setTouched(true);
          if (short || differ) return;
          const { repeat: _, ...body } = form;
          setup.mutate(
            {
              token,
              ...body,
              jurisdiction,
              currency,
              language: i18n.language as LangCode,
              timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
            },
            { onSuccess: () => void navigate({ to: '/' }) },
          );
        }}
      >
        <TextInput
          label={t('setup.workspace')}
          required
          withAsterisk={false}
          value={form.workspace_name}
          onChange={set('workspace_name')}
        />
        <div className="two">
          <Select
            label={t('setup.jurisdiction')}
            data={JURISDICTIONS.map((value) => ({ value, label: t(`jurisdiction.${value}`) }))}
            value={jurisdiction}
            onChange={(value) => {
              if (!value) return;
              setJurisdiction(value);
              setCurrency(CURRENCY_OF[value]);
            }}
          />
          <Select
            label={t('setup.currency')}
            data={CURRENCIES}
            value={currency}
            onChange={(v) => v && setCurrency(v)}
            searchable
          />
        </div>
        <TextInput
          label={t('setup.name')}
          autoComplete="name"
          required
          withAsterisk={false}
          value={form.name}
          onChange={set('name')}
        />
        <TextInput
          label={t('login.email')}
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          value={form.email}
          onChange={set('email')}
        />
        <PasswordInput
          label={t('setup.password')}
          autoComplete="new-password"
          required
          withAsterisk={false}
          value={form.password}
          onChange={set('password')}
          error={touched && short ? t('setup.short') : undefined}
        />
        <PasswordInput
          label={t('setup.repeat')}
          autoComplete="new-password"
          required
          withAsterisk={false}
          value={form.repeat}
          onChange={set('repeat')}
          error={touched && !short && differ ? t('setup.differ') : undefined}
        />
        {setup.error && <ErrorNote error={setup.error} />}
        <Button type="submit" size="md" loading={setup.isPending} fullWidth>
          {t('setup.go')}
        </Button>
      </form>
    </Door>
  );
}
