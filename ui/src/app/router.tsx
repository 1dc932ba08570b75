import { IconMapOff } from '@tabler/icons-react';
import {
  createRootRoute,
  createRoute,
  createRouter,
  Link,
  lazyRouteComponent,
  Navigate,
  Outlet,
  redirect,
  useRouter,
} from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { LoginPage, SetupPage } from '~/access/login';
import { type Area, can, type Session, sessionQuery } from '~/access/session';
import { queryClient } from '~/api/query';
import { Page } from '~/design/page';
import { BoneRows, Empty, ErrorNote } from '~/design/state';
import { Shell } from './shell';

function Lost() {
  const { t } = useTranslation();
  return (
    <Page title={t('error.lost')}>
      <Empty icon={<IconMapOff size={22} />} title={t('error.lost')} action={<Link to="/">{t('nav.base')}</Link>}>
        {t('error.lostText')}
      </Empty>
    </Page>
  );
}

function Broken({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const router = useRouter();
  return (
    <Page title={t('error.broken')}>
      <ErrorNote error={error} retry={() => void router.invalidate()} />
    </Page>
  );
}

function Waiting() {
  return (
    <div className="page" aria-busy="true">
      <BoneRows rows={10} />
    </div>
  );
}

const root = createRootRoute({ component: Outlet, notFoundComponent: Lost });

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (s: Record<string, unknown>): { next?: string } => ({
    next: typeof s.next === 'string' ? s.next : undefined,
  }),
  component: LoginPage,
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  validateSearch: (s: Record<string, unknown>): { token?: string } => ({
    token: typeof s.token === 'string' || typeof s.token === 'number' ? String(s.token) : undefined,
  }),
  component: SetupPage,
});

const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: async ({ location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery);
    if (!session) throw redirect({ to: '/login', search: { next: location.href === '/' ? undefined : location.href } });
    return { session };
  },
  component: Inside,
  pendingComponent: Waiting,
});

function Inside() {
  const { session } = inside.useRouteContext();
  return <Shell session={session} />;
}

function firstDoor(session: Session): string {
  const doors: [Area, string][] = [
    ['insight', '/base'],
    ['people', '/people'],
    ['calls', '/calls'],
  ];
  return doors.find(([area]) => can(session, area))?.[1] ?? '/campaigns';
}

const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  component: function Home() {
    const { session } = inside.useRouteContext();
    return <Navigate to={firstDoor(session)} replace />;
  },
});

/** Filters live in the address: any of these words may stand in it. */
export type ListSearch = Record<string, string | undefined>;
function words(...names: string[]) {
  return (search: Record<string, unknown>): ListSearch => {
    const out: ListSearch = {};
    for (const name of names) {
      const value = search[name];
      if (value !== undefined && value !== null && value !== '') out[name] = String(value);
    }
    return out;
  };
}

const none = words();

const routes = [
  home,
  createRoute({
    getParentRoute: () => inside,
    path: '/import',
    validateSearch: words('import'),
    component: lazyRouteComponent(() => import('~/ingest/import-page'), 'ImportPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/people',
    validateSearch: words('q', 'stage', 'reach', 'sort', 'open', 'list', 'title', 'segment'),
    component: lazyRouteComponent(() => import('~/identity/people-page'), 'PeoplePage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/people/review',
    validateSearch: words('sort', 'differs', 'name'),
    component: lazyRouteComponent(() => import('~/identity/review-page'), 'ReviewPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/people/merges',
    validateSearch: words('kind'),
    component: lazyRouteComponent(() => import('~/identity/merges-page'), 'MergesPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/people/$id',
    validateSearch: words('tab', 'part'),
    component: lazyRouteComponent(() => import('~/identity/card-page'), 'CardPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/base',
    validateSearch: words('figure'),
    component: lazyRouteComponent(() => import('~/insight/base-page'), 'BasePage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/segments',
    validateSearch: none,
    component: lazyRouteComponent(() => import('~/audience/segments-page'), 'SegmentsPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/segments/$id',
    validateSearch: none,
    component: lazyRouteComponent(() => import('~/audience/segment-page'), 'SegmentPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/campaigns',
    validateSearch: none,
    component: lazyRouteComponent(() => import('~/campaign/campaigns-page'), 'CampaignsPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/campaigns/$id/edit',
    validateSearch: words('step', 'segment', 'name', 'kind', 'series'),
    component: lazyRouteComponent(() => import('~/campaign/wizard-page'), 'WizardPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/campaigns/$id',
    validateSearch: words('tab'),
    component: lazyRouteComponent(() => import('~/campaign/campaign-page'), 'CampaignPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/calls',
    validateSearch: words('task'),
    component: lazyRouteComponent(() => import('~/desk/desk-page'), 'DeskPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/proof',
    validateSearch: words('campaign'),
    component: lazyRouteComponent(() => import('~/report/proof-page'), 'ProofPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/inbox',
    validateSearch: words('status', 'channel', 'owner', 'overdue', 'open'),
    component: lazyRouteComponent(() => import('~/care/inbox-page'), 'InboxPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/reviews',
    validateSearch: words('tab', 'platform', 'rating', 'reply', 'risk', 'from', 'to', 'people'),
    component: lazyRouteComponent(() => import('~/care/reviews-page'), 'ReviewsPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/insight',
    validateSearch: words('tab', 'model', 'q'),
    component: lazyRouteComponent(() => import('~/insight/insight-page'), 'InsightPage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/improve',
    validateSearch: words('tab', 'open'),
    component: lazyRouteComponent(() => import('~/improve/improve-page'), 'ImprovePage'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings',
    validateSearch: words('tab'),
    component: lazyRouteComponent(() => import('~/access/settings-page'), 'SettingsPage'),
  }),
  // Whoever is lost keeps the navigation.
  createRoute({ getParentRoute: () => inside, path: '$', component: Lost }),
];

/** Every filter is a text: parsing it as JSON, as the router would, breaks ids, which are longer than a number holds. */
export function parseSearch(text: string): ListSearch {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) if (value !== undefined) params.set(name, String(value));
  const text = params.toString();
  return text && `?${text}`;
}

export const router = createRouter({
  parseSearch,
  stringifySearch,
  routeTree: root.addChildren([login, setup, inside.addChildren(routes)]),
  defaultPreload: 'intent',
  defaultPreloadDelay: 40,
  defaultPendingMs: 150,
  defaultPendingComponent: Waiting,
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: Lost,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

/** The person at the screen; pages live only inside the signed-in part. */
export function useSession(): Session {
  return inside.useRouteContext().session;
}
