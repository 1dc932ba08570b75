import { Chip, NativeSelect } from '@mantine/core';
import { IconStar } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import { usePaged } from '~/api/paged';
import { useSession } from '~/app/router';
import { type Column, DataTable } from '~/design/datatable';
import { FigureTile } from '~/design/figure';
import { NONE, useFormat } from '~/design/format';
import { BoneFigures, Empty, ErrorNote, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { Stars } from './inbox-page';
import { Period, usePut, useSpan } from './period';
import type { ReviewLine, ReviewSummary } from './types';

const REPLIES = ['answered', 'unanswered', 'in_time', 'late', 'waiting', 'breached'] as const;

/** The log of reviews; beside each negative one of a known customer what they spent before and after. */
export function LogPart() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const put = usePut();
  const span = useSpan();
  const session = useSession();
  const search = useSearch({ from: '/inside/reviews' });
  const query = {
    ...span,
    platform: search.platform,
    rating: search.rating,
    reply: search.reply,
    at_risk: search.risk,
  };
  const summary = useQuery({
    queryKey: ['care', 'reviews', 'summary', query],
    queryFn: ({ signal }) => api.get<ReviewSummary>('/api/mentions/summary', query, signal),
  });
  const list = usePaged<ReviewLine>(['care', 'reviews'], '/api/mentions', query);
  const money = (row: ReviewLine, what: 'before' | 'expected' | 'came' | 'at_risk') => {
    const value = row.money?.[what];
    return value ? f.money(value.minor, value.currency) : NONE;
  };
  const columns: Column<ReviewLine>[] = [
    { key: 'at', label: t('care.log.at'), width: '122px', render: (r) => f.date(r.item.came_at) },
    {
      key: 'platform',
      label: t('care.log.platform'),
      width: '92px',
      minor: true,
      render: (r) => r.item.mention?.platform,
    },
    {
      key: 'rating',
      label: t('care.log.rating'),
      width: '64px',
      minor: true,
      render: (r) => (r.item.mention?.rating ? <Stars n={r.item.mention.rating} /> : NONE),
    },
    {
      key: 'text',
      label: t('care.log.text'),
      width: 'minmax(96px, 3fr)',
      render: (r) =>
        can(session, 'care') ? (
          <Link to="/inbox" search={{ open: r.item.case_id ?? r.item.id }} className="cut">
            {r.item.text || word(`care.kind.${r.item.kind}`)}
          </Link>
        ) : (
          <span className="cut">{r.item.text}</span>
        ),
    },
    {
      key: 'name',
      label: t('care.log.who'),
      width: 'minmax(110px, 1.2fr)',
      minor: true,
      render: (r) =>
        r.item.customer_id && can(session, 'people') ? (
          <Link to="/people/$id" params={{ id: r.item.customer_id }}>
            {r.item.name}
          </Link>
        ) : (
          <span className={r.item.customer_id ? undefined : 'dim'}>{r.item.name}</span>
        ),
    },
    {
      key: 'reply',
      label: t('care.log.reply'),
      width: '132px',
      render: (r) => (
        <span className="pill" data-tone={r.reply === 'in_time' ? 'good' : r.reply === 'breached' ? 'bad' : 'warn'}>
          {word(`care.replyState.${r.reply}`)}
        </span>
      ),
    },
    {
      key: 'before',
      label: t('care.log.before'),
      width: '96px',
      align: 'right',
      minor: true,
      render: (r) => money(r, 'before'),
    },
    {
      key: 'expected',
      label: t('care.log.expected'),
      width: '96px',
      align: 'right',
      minor: true,
      render: (r) => money(r, 'expected'),
    },
    {
      key: 'came',
      label: t('care.log.came'),
      width: '96px',
      align: 'right',
      minor: true,
      render: (r) => money(r, 'came'),
    },
    {
      key: 'risk',
      label: t('care.log.atRisk'),
      width: '104px',
      align: 'right',
      minor: true,
      render: (r) =>
        r.money?.counts ? (
          <strong>{money(r, 'at_risk')}</strong>
        ) : r.money ? (
          <span className="dim" title={t('care.log.counted')}>
            {t('care.log.above')}
          </span>
        ) : (
          NONE
        ),
    },
  ];
  const only = (change: Record<string, string | undefined>) =>
    put({ rating: undefined, reply: undefined, risk: undefined, ...change });
  return (
    <div className="col loose">
      <div className="row wrap">
        <Period />
        <NativeSelect
          size="xs"
          aria-label={t('care.log.platform')}
          value={search.platform ?? ''}
          onChange={(e) => put({ platform: e.currentTarget.value || undefined })}
          data={[
            { value: '', label: t('care.log.allPlatforms') },
            ...(summary.data?.platforms ?? (search.platform ? [search.platform] : [])),
          ]}
        />
        <NativeSelect
          size="xs"
          aria-label={t('care.log.rating')}
          value={search.rating ?? ''}
          onChange={(e) => put({ rating: e.currentTarget.value || undefined })}
          data={[
            { value: '', label: t('care.log.anyRating') },
            { value: 'negative', label: t('care.log.negative') },
            ...['1', '2', '3', '4', '5'].map((value) => ({ value, label: `${value}★` })),
          ]}
        />
        <NativeSelect
          size="xs"
          aria-label={t('care.log.reply')}
          value={search.reply ?? ''}
          onChange={(e) => put({ reply: e.currentTarget.value || undefined })}
          data={[
            { value: '', label: t('care.log.anyReply') },
            ...REPLIES.map((value) => ({ value, label: t(`care.replyState.${value}`) })),
          ]}
        />
        <Chip size="xs" checked={search.risk === 'true'} onChange={(on) => put({ risk: on ? 'true' : undefined })}>
          {t('care.log.onlyRisk')}
        </Chip>
      </div>
      <Loaded query={summary} skeleton={<BoneFigures count={4} />}>
        {(s) => (
          <>
            <div className="figures">
              <FigureTile
                label={t('care.log.total')}
                value={f.n(s.total)}
                sub={s.mean_rating === null ? '' : t('care.log.mean', { n: f.n(s.mean_rating, 1) })}
                onOpen={() => only({})}
              />
              <FigureTile
                label={t('care.log.negative')}
                value={f.n(s.negative)}
                sub={t('care.log.known', { n: f.n(s.negative_known) })}
                onOpen={() => only({ rating: 'negative' })}
              />
              <FigureTile
                label={t('care.replyState.unanswered')}
                value={f.n(s.unanswered)}
                onOpen={() => only({ reply: 'unanswered' })}
              />
              <FigureTile
                label={t('care.log.riskTotal')}
                value={s.has_forecast ? f.money(s.at_risk.minor, s.at_risk.currency) : NONE}
                sub={t('care.log.riskOf', { count: s.customers_at_risk })}
                tone={s.at_risk.minor > 0 ? 'bad' : undefined}
                onOpen={() => put({ risk: 'true' })}
              />
            </div>
            <p className="dim small">{s.has_forecast ? t('care.log.method') : t('care.log.noForecast')}</p>
          </>
        )}
      </Loaded>
      {list.error && !list.rows ? (
        <ErrorNote error={list.error} retry={() => void list.refetch()} />
      ) : (
        <DataTable
          label={t('nav.reviews')}
          columns={columns}
          rows={list.rows ?? []}
          rowKey={(r) => r.item.id}
          more={list.more}
          onMore={list.fetchMore}
          height={520}
          empty={
            !list.pending && (
              <Empty
                icon={<IconStar size={22} />}
                title={t('care.log.none')}
                action={
                  <Link to="/reviews" search={{ tab: 'intake' }}>
                    {t('care.tab.intake')}
                  </Link>
                }
              >
                {t('care.log.noneText')}
              </Empty>
            )
          }
        />
      )}
    </div>
  );
}
