import { Button, Chip, NativeSelect, SegmentedControl } from '@mantine/core';
import { IconInbox, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePaged } from '~/api/paged';
import { useFormat } from '~/design/format';
import { useKeys } from '~/design/keys';
import { Page } from '~/design/page';
import { BoneRows, Empty, ErrorNote } from '~/design/state';
import { useWord } from '~/i18n/word';
import { countsQuery } from './api';
import { ItemView } from './item';
import { NewCase } from './new-case';
import { type CareItem, CHANNELS } from './types';
import './care.css';

const STATUSES = ['waiting', 'answered', 'closed'] as const;

/** Everything that came in and waits for a person, whatever way it came. */
export function InboxPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ from: '/inside/inbox' });
  const [adding, setAdding] = useState(false);
  const counts = useQuery(countsQuery).data;
  const status = STATUSES.find((s) => s === search.status) ?? 'waiting';
  const list = usePaged<CareItem>(['care', 'inbox'], '/api/inbox', {
    status,
    channel: search.channel,
    owner: search.owner,
    overdue: search.overdue,
  });
  const rows = list.rows ?? [];
  const put = (change: Record<string, string | undefined>) =>
    void navigate({ to: '/inbox', search: (old) => ({ ...old, ...change }), replace: true });
  const open = search.open;
  const at = rows.findIndex((r) => r.id === open);
  const step = (by: number) => {
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next) put({ open: next.id });
    if (list.more && at + by >= rows.length - 3) list.fetchMore();
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    enter: () => (open ? document.getElementById('care-item')?.focus() : step(0)),
    esc: open && !adding ? () => put({ open: undefined }) : undefined,
    n: () => setAdding(true),
  });
  const toggle = (name: 'owner' | 'overdue', value: string, label: string) => (
    <Chip size="xs" checked={search[name] === value} onChange={(on) => put({ [name]: on ? value : undefined })}>
      {label}
    </Chip>
  );
  const number = (n?: number) => (n ? ` ${n}` : '');
  return (
    <Page
      title={t('nav.inbox')}
      lead={t('care.inbox.lead')}
      fill
      actions={
        <Button
          leftSection={<IconPlus size={16} />}
          rightSection={<kbd>N</kbd>}
          variant="default"
          onClick={() => setAdding(true)}
        >
          {t('care.new.title')}
        </Button>
      }
    >
      <div className="row wrap">
        <SegmentedControl
          size="xs"
          aria-label={t('care.status')}
          value={status}
          onChange={(v) => put({ status: v === 'waiting' ? undefined : v, open: undefined })}
          data={STATUSES.map((value) => ({
            value,
            label: t(`care.list.${value}`) + (value === 'waiting' ? number(counts?.waiting) : ''),
          }))}
        />
        <NativeSelect
          size="xs"
          aria-label={t('care.channel.label')}
          value={search.channel ?? ''}
          onChange={(e) => put({ channel: e.currentTarget.value || undefined })}
          data={[
            { value: '', label: t('care.channel.all') },
            ...CHANNELS.map((value) => ({ value, label: t(`care.channel.${value}`) })),
          ]}
        />
        {toggle('owner', 'me', t('care.list.mine') + number(counts?.mine))}
        {toggle('owner', 'nobody', t('care.list.nobody'))}
        {toggle('overdue', 'true', t('care.list.overdue') + number(counts?.overdue))}
      </div>
      {list.error && !list.rows ? (
        <ErrorNote error={list.error} retry={() => void list.refetch()} />
      ) : list.pending ? (
        <BoneRows rows={10} h={60} />
      ) : (
        <div className="inbox" data-open={open ? true : undefined}>
          <nav className="inbox-list" aria-label={t('nav.inbox')}>
            {rows.length === 0 && (
              <Empty icon={<IconInbox size={22} />} title={t('care.inbox.none')}>
                {t('care.inbox.noneText')}
              </Empty>
            )}
            {rows.map((row) => (
              <Line key={row.id} row={row} current={row.id === open} onOpen={() => put({ open: row.id })} />
            ))}
            {list.more && (
              <Button m={12} variant="default" size="compact-sm" onClick={list.fetchMore}>
                {t('do.more')}
              </Button>
            )}
          </nav>
          <section className="inbox-item" id="care-item" tabIndex={-1} aria-label={t('care.item.label')}>
            {open ? (
              <ItemView
                key={open}
                id={open}
                onBack={() => put({ open: undefined })}
                onOpen={(id) => put({ open: id })}
              />
            ) : (
              <p className="dim">{t('care.inbox.choose')}</p>
            )}
          </section>
        </div>
      )}
      {adding && (
        <NewCase
          onClose={() => setAdding(false)}
          onMade={(id) => {
            setAdding(false);
            put({ open: id, status: undefined });
          }}
        />
      )}
    </Page>
  );
}

function Line({ row, current, onOpen }: { row: CareItem; current: boolean; onOpen: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const ref = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (current) ref.current?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  return (
    <button ref={ref} type="button" className="inbox-line" aria-current={current} onClick={onOpen}>
      <span className="row tight">
        <span className="strong grow cut">{row.name || t('care.item.stranger')}</span>
        {row.mention?.rating ? <Stars n={row.mention.rating} /> : null}
        <time className="dim small nowrap" dateTime={row.came_at}>
          {f.dateTime(row.came_at)}
        </time>
      </span>
      <span className="ink2 small cut">{row.text || word(`care.kind.${row.kind}`)}</span>
      <span className="row tight wrap small">
        <span className="pill" data-tone={row.kind === 'case' ? 'bad' : undefined}>
          {word(`care.kind.${row.kind}`)}
        </span>
        <span className="dim">{row.mention?.platform ?? word(`care.channel.${row.channel}`)}</span>
        {row.topic && <span className="dim">{word(`care.topic.${row.topic}`)}</span>}
        {row.overdue && <span className="bad">{t('care.list.overdueOne', { at: f.dateTime(row.due_at) })}</span>}
        {row.owner && <span className="dim">{row.owner}</span>}
      </span>
    </button>
  );
}

export function Stars({ n }: { n: number }) {
  const { t } = useTranslation();
  return (
    <span className="nowrap" title={t('care.rating', { n })} data-tone={n <= 2 ? 'bad' : undefined}>
      <span className="sr">{t('care.rating', { n })}</span>
      <span aria-hidden="true" className={n <= 2 ? 'bad' : undefined}>
        {n}★
      </span>
    </span>
  );
}
