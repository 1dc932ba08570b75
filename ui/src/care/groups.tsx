import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import type { Page } from '~/api/types';
import { useSession } from '~/app/router';
import { NONE, useFormat } from '~/design/format';
import { SidePanel } from '~/design/panel';
import { Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { usePut, useSpan } from './period';
import type { CarePerson, GroupChurn, Rate } from './types';

/** A share with its parts and its interval. */
export function RateCell({ rate }: { rate: Rate }) {
  const f = useFormat();
  if (rate.rate === null) return <>{NONE}</>;
  return (
    <span className="nowrap num" title={`${f.pct(rate.low)} – ${f.pct(rate.high)}`}>
      <strong>{f.pct(rate.rate, 0)}</strong>{' '}
      <span className="dim small">
        {rate.x} / {rate.n} · {f.pct(rate.low, 0)}–{f.pct(rate.high, 0)}
      </span>
    </span>
  );
}

/** Churn of groups of customers, each against the first; every number opens its people. */
export function Groups({ groups, of }: { groups: GroupChurn[]; of: 'replies' | 'contacts' }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const put = usePut();
  const { people } = useSearch({ from: '/inside/reviews' });
  const open = (group: string, cell: string, n: number) =>
    n === 0 ? (
      <span className="dim">0</span>
    ) : (
      <Button variant="subtle" size="compact-xs" onClick={() => put({ people: `${group}.${cell}` })}>
        {f.n(n)}
      </Button>
    );
  const points = (value: number) => `${value > 0 ? '+' : ''}${f.n(value * 100, 1)}`;
  const [group, cell] = people?.split('.') ?? [];
  return (
    <>
      <div className="care-scroll">
        <table className="plain-table">
          <thead>
            <tr>
              <th>{t('care.groups.group')}</th>
              <th className="n">{t('care.groups.customers')}</th>
              <th className="n">{t('care.groups.active')}</th>
              <th className="n">{t('care.groups.left')}</th>
              <th>{t('care.groups.churn')}</th>
              <th>{t('care.groups.difference')}</th>
              <th className="n">{t('care.groups.watched')}</th>
            </tr>
          </thead>
          <tbody>
            {groups.map((g) => (
              <tr key={g.group}>
                <td>{word(`care.group.${g.group}`)}</td>
                <td className="n">{open(g.group, 'all', g.customers)}</td>
                <td className="n">{open(g.group, 'active', g.churn.n)}</td>
                <td className="n">{open(g.group, 'left', g.churn.x)}</td>
                <td>
                  <RateCell rate={g.churn} />
                </td>
                <td className="nowrap num">
                  {g.difference
                    ? t('care.groups.points', {
                        d: points(g.difference.difference),
                        low: points(g.difference.low),
                        high: points(g.difference.high),
                      })
                    : NONE}
                </td>
                <td className="n">{f.n(g.watched_days)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="dim small">{t('care.groups.method')}</p>
      {group && cell && <People of={of} group={group} cell={cell} onClose={() => put({ people: undefined })} />}
    </>
  );
}

function People({ of, group, cell, onClose }: { of: string; group: string; cell: string; onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const span = useSpan();
  const session = useSession();
  const list = useQuery({
    queryKey: ['care', of, 'people', group, cell, span],
    queryFn: ({ signal }) => api.get<Page<CarePerson>>(`/api/${of}/people`, { group, cell, ...span }, signal),
  });
  return (
    <SidePanel wide title={word(`care.group.${group}`)} lead={word(`care.groups.${cell}`)} onClose={onClose}>
      <Loaded query={list}>
        {(page) => (
          <>
            <p className="dim num">{f.n(page.items.length)}</p>
            <table className="plain-table">
              <tbody>
                {page.items.map((p) => (
                  <tr key={p.customer_id}>
                    <td>
                      {can(session, 'people') ? (
                        <Link to="/people/$id" params={{ id: p.customer_id }}>
                          {p.name}
                        </Link>
                      ) : (
                        p.name
                      )}
                    </td>
                    <td>
                      {can(session, 'care') ? (
                        <Link to="/inbox" search={{ open: p.item_id }}>
                          {f.date(p.at)}
                        </Link>
                      ) : (
                        f.date(p.at)
                      )}
                    </td>
                    <td className="dim">{p.last_order_day ? f.date(p.last_order_day) : NONE}</td>
                    <td>
                      {p.left_since ? (
                        <span className="pill" data-tone="bad">
                          {t('care.groups.left')}
                        </span>
                      ) : p.active_then ? null : (
                        <span className="pill">{t('care.groups.notActive')}</span>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </>
        )}
      </Loaded>
    </SidePanel>
  );
}
