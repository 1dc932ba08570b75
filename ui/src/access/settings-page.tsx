import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from '~/design/page';
import { BoneRows } from '~/design/state';
import './settings.css';

const PARTS = {
  workspace: lazy(() => import('./workspace-settings').then((m) => ({ default: m.WorkspaceSettings }))),
  users: lazy(() => import('./users-settings').then((m) => ({ default: m.UsersSettings }))),
  tokens: lazy(() => import('./users-settings').then((m) => ({ default: m.TokensSettings }))),
  senders: lazy(() => import('~/channel/senders-settings').then((m) => ({ default: m.SendersSettings }))),
  catalogue: lazy(() => import('~/commerce/catalogue-settings').then((m) => ({ default: m.CatalogueSettings }))),
  consent: lazy(() => import('~/permission/consent-settings').then((m) => ({ default: m.ConsentSettings }))),
  stoplist: lazy(() => import('~/permission/consent-settings').then((m) => ({ default: m.StopList }))),
  audit: lazy(() => import('./audit-settings').then((m) => ({ default: m.AuditSettings }))),
} as const;
type Part = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as Part[];

export function SettingsPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { tab } = useSearch({ from: '/inside/settings' });
  const part: Part = NAMES.find((p) => p === tab) ?? 'workspace';
  const Body = PARTS[part];
  return (
    <Page title={t('nav.settings')}>
      <div className="settings">
        <nav className="settings-nav" aria-label={t('nav.settings')}>
          {NAMES.map((name) => (
            <button
              key={name}
              type="button"
              aria-current={name === part ? 'page' : undefined}
              onClick={() => void navigate({ to: '/settings', search: { tab: name }, replace: true })}
            >
              {t(`settings.${name}`)}
            </button>
          ))}
        </nav>
        <div className="col grow">
          <Suspense fallback={<BoneRows rows={8} />}>
            <Body />
          </Suspense>
        </div>
      </div>
    </Page>
  );
}
