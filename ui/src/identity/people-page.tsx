import { Button, TextInput } from '@mantine/core';
import {
  IconArrowRight,
  IconArrowsMaximize,
  IconHistory,
  IconSearch,
  IconTableImport,
  IconUserPlus,
  IconUsersGroup,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import type { Dedup } from '~/api/types';
import { useSession } from '~/app/router';
import type { Sort } from '~/design/datatable';
import { useFormat } from '~/design/format';
import { Page } from '~/design/page';
import { SidePanel } from '~/design/panel';
import { Empty, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { cardQuery, dedupQuery } from './api';
import { Addresses, CardFacts, Contacts, Orders } from './customer';
import { EnterForm } from './enter';
import { PeopleList } from './people-list';
import { repeatsOf } from './repeats';

function sortOf(text: string | undefined): Sort {
  const by = text?.replace(/^-/, '') ?? 'name';
  return { by, desc: by !== 'name' };
}

export function PeoplePage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ from: '/inside/people' });
  const dedup = useQuery(dedupQuery);
  const session = useSession();
  const [entering, setEntering] = useState(false);
  const [text, setText] = useState(search.q ?? '');
  const sort = sortOf(search.sort);
  const put = (change: Record<string, string | undefined>) =>
    void navigate({ to: '/people', search: (old) => ({ ...old, ...change }), replace: true });

  // biome-ignore lint/correctness/useExhaustiveDependencies: the address follows the typed text, not the other way round
  useEffect(() => {
    const timer = setTimeout(() => put({ q: text.trim() || undefined }), 180);
    return () => clearTimeout(timer);
  }, [text]);

  return (
    <Page
      title={t('people.title')}
      fill
      actions={
        <>
          {can(session, 'people') && (
            <Button variant="default" leftSection={<IconUserPlus size={16} />} onClick={() => setEntering(true)}>
              {t('people.new')}
            </Button>
          )}
          <Button component={Link} to="/people/merges" variant="default" leftSection={<IconHistory size={16} />}>
            {t('people.history')}
          </Button>
          {(dedup.data?.review_open ?? 0) > 0 && (
            <Button component={Link} to="/people/review" leftSection={<IconUsersGroup size={16} />}>
              {t('people.review', { count: dedup.data?.review_open ?? 0 })}
            </Button>
          )}
        </>
      }
    >
      <Loaded query={dedup} skeleton={<div style={{ height: 92 }} />}>
        {(d) => (d.records > 0 ? <BeforeAfter dedup={d} /> : null)}
      </Loaded>
      <TextInput
        value={text}
        onChange={(e) => setText(e.target.value)}
        placeholder={t('people.find')}
        aria-label={t('people.find')}
        leftSection={<IconSearch size={16} />}
        maw={460}
      />
      <PeopleList
        question={{ key: ['customers'], path: '/api/customers', query: { search: search.q, sort: sort.by } }}
        openKey={search.open ?? ''}
        onOpen={(c) => put({ open: c.id })}
        sort={sort}
        onSort={(next) => put({ sort: next.by })}
        empty={
          search.q ? undefined : (
            <Empty
              icon={<IconTableImport size={22} />}
              title={t('people.empty')}
              action={
                <Button component={Link} to="/import" rightSection={<IconArrowRight size={16} />}>
                  {t('people.toImport')}
                </Button>
              }
            >
              {t('people.emptyText')}
            </Empty>
          )
        }
      />
      {entering && (
        <EnterForm
          onClose={() => setEntering(false)}
          onDone={(id) => {
            setEntering(false);
            void navigate({ to: '/people/$id', params: { id } });
          }}
        />
      )}
      {search.open && <CustomerPanel id={search.open} onClose={() => put({ open: undefined })} />}
    </Page>
  );
}

function BeforeAfter({ dedup }: { dedup: Dedup }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const before = dedup.before || dedup.records;
  const after = dedup.after || dedup.customers;
  const repeats = repeatsOf(dedup.kinds ?? []);
  return (
    <section className="card before-after">
      <div className="before-after-n">
        <div>
          <div className="big-n">{f.n(dedup.records)}</div>
          <div className="dim small">{t('people.records')}</div>
        </div>
        <IconArrowRight size={20} className="dim" />
        <div>
          <div className="big-n">{f.n(before)}</div>
          <div className="dim small">{t('people.before')}</div>
        </div>
        <IconArrowRight size={20} className="dim" />
        <div>
          <div className="big-n">{f.n(after)}</div>
          <div className="dim small">
            {t('people.after')} <b className="num">{before > 0 ? f.pct(after / before - 1) : ''}</b>
          </div>
        </div>
      </div>
      {repeats.length > 0 && (
        <div className="col tight">
          <span className="dim small" title={t('people.repeatsText')}>
            {t('people.repeats')}
          </span>
          <div className="row wrap tight">
            {repeats.map((r) => (
              <Link
                key={r.group}
                to="/people/merges"
                search={{ kind: r.kinds.length === 1 ? r.kinds[0] : undefined }}
                className="pill"
                title={r.kinds.map((k) => word(`mergeKind.${k}`)).join(', ')}
              >
                {word(`repeat.${r.group}`)} <b className="num">{f.pct(r.share, 0)}</b>
              </Link>
            ))}
          </div>
        </div>
      )}
    </section>
  );
}

export function CustomerPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const card = useQuery(cardQuery(id));
  return (
    <SidePanel
      title={card.data?.name ?? ''}
      lead={card.data ? [card.data.addresses[0]?.city].filter(Boolean).join(' ') : undefined}
      onClose={onClose}
      actions={
        <Button
          component={Link}
          to={`/people/${id}`}
          size="compact-sm"
          variant="default"
          leftSection={<IconArrowsMaximize size={14} />}
        >
          {t('card.full')}
        </Button>
      }
    >
      <Loaded query={card}>
        {(c) => (
          <>
            <CardFacts card={c} />
            <section className="col tight">
              <h3>{t('card.contacts')}</h3>
              <Contacts card={c} brief />
            </section>
            <section className="col tight">
              <h3>{t('card.addresses')}</h3>
              <Addresses card={c} />
            </section>
            <section className="col tight">
              <h3>{t('card.orders')}</h3>
              <Orders card={c} limit={6} />
            </section>
          </>
        )}
      </Loaded>
    </SidePanel>
  );
}
