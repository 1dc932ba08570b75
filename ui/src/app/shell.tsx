import { ActionIcon, Button, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import {
  IconChartHistogram,
  IconDatabaseHeart,
  IconFilter,
  IconHeadset,
  IconInbox,
  IconLanguage,
  IconLogout,
  IconMenu2,
  IconMoon,
  IconScale,
  IconSearch,
  IconSend,
  IconSettings,
  IconStar,
  IconSun,
  IconTableImport,
  IconTargetArrow,
  IconUser,
  IconUsers,
} from '@tabler/icons-react';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can, type Session, useSignOut } from '~/access/session';
import { CareBadge } from '~/care/badge';
import { useKeys } from '~/design/keys';
import { Toasts } from '~/design/toast';
import { LANGS, setLanguage } from '~/i18n';
import { DemoRibbon } from './demo-ribbon';
import { LogoMark } from './logo';
import './shell.css';

const Palette = lazy(() => import('./palette'));

export interface NavStep {
  to: string;
  key:
    | 'import'
    | 'people'
    | 'base'
    | 'segments'
    | 'campaigns'
    | 'calls'
    | 'inbox'
    | 'reviews'
    | 'insight'
    | 'improve'
    | 'proof'
    | 'settings';
  icon: ReactNode;
  /** The step's number in the story; settings stand outside it. */
  step?: number;
  needs: Parameters<typeof can>[1];
}

export const STEPS: NavStep[] = [
  { to: '/import', key: 'import', icon: <IconTableImport size={18} />, step: 1, needs: 'import' },
  { to: '/people', key: 'people', icon: <IconUsers size={18} />, step: 2, needs: 'people' },
  { to: '/base', key: 'base', icon: <IconDatabaseHeart size={18} />, step: 3, needs: 'insight' },
  { to: '/segments', key: 'segments', icon: <IconFilter size={18} />, step: 4, needs: 'audience' },
  { to: '/campaigns', key: 'campaigns', icon: <IconSend size={18} />, step: 5, needs: 'campaign' },
  { to: '/calls', key: 'calls', icon: <IconHeadset size={18} />, step: 6, needs: 'calls' },
  { to: '/proof', key: 'proof', icon: <IconScale size={18} />, step: 7, needs: 'insight' },
  { to: '/inbox', key: 'inbox', icon: <IconInbox size={18} />, needs: 'care' },
  { to: '/reviews', key: 'reviews', icon: <IconStar size={18} />, needs: 'voice' },
  { to: '/insight', key: 'insight', icon: <IconChartHistogram size={18} />, needs: 'insight' },
  { to: '/improve', key: 'improve', icon: <IconTargetArrow size={18} />, needs: 'insight' },
  { to: '/settings', key: 'settings', icon: <IconSettings size={18} />, needs: 'settings' },
];

const LANG_NAMES = { ru: 'Русский', uk: 'Українська', en: 'English' } as const;

function SchemeMenu() {
  const { t } = useTranslation();
  const { setColorScheme, colorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t('shell.theme')} size="lg">
          {colorScheme === 'dark' ? <IconMoon size={18} /> : <IconSun size={18} />}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(['light', 'dark', 'auto'] as const).map((scheme) => (
          <Menu.Item
            key={scheme}
            onClick={() => setColorScheme(scheme)}
            aria-current={scheme === colorScheme || undefined}
            fw={scheme === colorScheme ? 650 : undefined}
          >
            {t(`shell.${scheme}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function LanguageMenu() {
  const { t, i18n } = useTranslation();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-md"
          leftSection={<IconLanguage size={17} />}
          aria-label={`${t('shell.language')}: ${i18n.language}`}
          className="lang-button"
        >
          {i18n.language}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {LANGS.map((lang) => (
          <Menu.Item
            key={lang}
            lang={lang}
            onClick={() => void setLanguage(lang)}
            fw={lang === i18n.language ? 650 : undefined}
          >
            {LANG_NAMES[lang]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function Shell({ session }: { session: Session }) {
  const { t } = useTranslation();
  const [palette, setPalette] = useState(false);
  const [menu, setMenu] = useState(false);
  const path = useRouterState({ select: (s) => s.location.pathname });
  const signOut = useSignOut();
  useKeys({ 'ctrl+k': () => setPalette(true), '/': () => setPalette(true) });

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new address closes the menu of narrow screens
  useEffect(() => setMenu(false), [path]);

  const steps = STEPS.filter((s) => can(session, s.needs));
  return (
    <div className="shell" data-demo={session.workspace.simulated || undefined}>
      <a className="skip" href="#main">
        {t('nav.skip')}
      </a>
      <header className="bar">
        <ActionIcon
          className="bar-burger"
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t('nav.menu')}
          aria-expanded={menu}
          onClick={() => setMenu(!menu)}
        >
          <IconMenu2 size={19} />
        </ActionIcon>
        <Link to="/" className="brand" aria-label={`Otklik: ${session.workspace.name}`}>
          <LogoMark />
          <span className="cut">{session.workspace.name}</span>
        </Link>
        <button type="button" className="finder" onClick={() => setPalette(true)}>
          <IconSearch size={16} />
          <span className="grow cut">{t('shell.search')}</span>
          <kbd>Ctrl K</kbd>
        </button>
        <div className="row tight end">
          <LanguageMenu />
          <SchemeMenu />
          <Menu position="bottom-end" width={230}>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('shell.account')}>
                <IconUser size={18} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>
                <div className="ink2 cut">{session.user.email}</div>
                {t(`role.${session.role}`)}
              </Menu.Label>
              <Menu.Divider />
              <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOut.mutate()}>
                {t('shell.signOut')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      </header>
      {session.workspace.simulated && <DemoRibbon />}
      <nav className="side" data-shown={menu || undefined} aria-label={t('nav.label')}>
        {steps.map((s) => (
          <Link
            key={s.to}
            to={s.to}
            className={`side-link${s.step ? '' : ' side-plain'}`}
            preload="intent"
            aria-current={path === s.to || path.startsWith(`${s.to}/`) ? 'page' : undefined}
          >
            <Tooltip label={t(`nav.${s.key}`)} position="right" disabled>
              <span className="side-icon">{s.icon}</span>
            </Tooltip>
            <span className="grow cut">{t(`nav.${s.key}`)}</span>
            <CareBadge of={s.key} session={session} />
            {s.step && (
              <span className="side-step" aria-hidden="true">
                {s.step}
              </span>
            )}
          </Link>
        ))}
      </nav>
      {menu && <button type="button" className="scrim" aria-label={t('do.close')} onClick={() => setMenu(false)} />}
      <main id="main" className="main" tabIndex={-1}>
        <Outlet />
      </main>
      <Toasts />
      {palette && (
        <Suspense fallback={null}>
          <Palette session={session} onClose={() => setPalette(false)} />
        </Suspense>
      )}
    </div>
  );
}
