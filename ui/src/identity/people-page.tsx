import { Button, TextInput } from '@mantine/core';
import {
  IconArrowRight,
  IconArrowsMaximize,
  IconHistory,
  IconSearch,
  IconTableImport,
  IconUsersGroup,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dedup } from '~/api/types';
import type { Sort } from '~/design/datatable';
import { useFormat } from '~/design/format';
import { Page } from '~/design/page';
import { SidePanel } from '~/design/panel';
import { Empty, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { cardQuery, dedupQuery } from './api';
import { Addresses, CardFacts, Contacts, Orders } from './customer';
import { PeopleList } from './people-list';

function sortOf(text: string | undefined): Sort {
  const by = text?.replace(/^-/, '') ?? 'name';
  return { by, desc: by !== 'name' };
}

export function PeoplePage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ from: '/inside/people' });
  const dedup = useQuery(dedupQuery);
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
  const kinds = [...(dedup.kinds ?? [])].sort((a, b) => b.count - a.count);
  return (
    <section className="card before-after">
      <div>
        <div className="big-n">{f.n(before)}</div>
        <div className="dim small">{t('people.before')}</div>
      </div>
      <IconArrowRight size={22} className="dim" />
      <div>
        <div className="big-n">{f.n(after)}</div>
        <div className="dim small">{t('people.after')}</div>
      </div>
      <div>
        <span className="pill" data-tone="accent">
          {before > 0 ? f.pct(after / before - 1) : ''}
        </span>
      </div>
      <div className="row wrap tight">
        {kinds.slice(0, 8).map((k) => (
          <span key={k.kind} className="pill">
            {word(`mergeKind.${k.kind}`)} <b className="num">{f.n(k.count)}</b>
          </span>
        ))}
      </div>
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
              <Contacts card={c} />
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
