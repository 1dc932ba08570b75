import { Button, Tooltip } from '@mantine/core';
import {
  IconArrowBackUp,
  IconAt,
  IconEye,
  IconHome,
  IconMail,
  IconMapPin,
  IconPackage,
  IconPhone,
  IconStarFilled,
} from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import type { Contact, CustomerCard, Merge, Reason } from '~/api/types';
import { useSession } from '~/app/router';
import { NONE, useFormat } from '~/design/format';
import { useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { StagePill } from './people-list';
import './identity.css';

export function useUnmask(id: string) {
  const client = useQueryClient();
  const problem = useProblemText();
  return useMutation({
    mutationFn: () => api.post<CustomerCard | Contact[] | { contacts: Contact[] }>(`/api/customers/${id}/unmask`),
    onSuccess: (full) => {
      const contacts = Array.isArray(full) ? full : full.contacts;
      client.setQueryData<CustomerCard>(['customer', id], (card) => card && { ...card, contacts });
    },
    onError: (error) => failed(problem(error)),
  });
}

/** The source of a contact point in words; what a colleague wrote has no file behind it. */
function useSource(): (source: string) => string {
  const { t } = useTranslation();
  return (source) => (source === 'desk' ? t('card.byColleague') : t('card.source', { source }));
}

function usePrefer(id: string) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const problem = useProblemText();
  return useMutation({
    mutationFn: (body: { contact_id: string; by_hand: boolean }) =>
      api.post<CustomerCard>(`/api/customers/${id}/prefer`, body),
    onSuccess: async (_, body) => {
      if (body.by_hand) done(t('card.preferSaved'));
      await client.invalidateQueries({ queryKey: ['customer', id] });
    },
    onError: (error) => {
      failed(problem(error));
      // Every import writes contact points anew: the list on the screen may be an old one.
      void client.invalidateQueries({ queryKey: ['customer', id] });
    },
  });
}

export function Contacts({ card, brief }: { card: CustomerCard; brief?: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const sourceOf = useSource();
  const session = useSession();
  const unmask = useUnmask(card.id);
  const prefer = usePrefer(card.id);
  const masked = card.contacts.some((c) => c.masked);
  const mayChoose = !brief && session.role !== 'client';
  const several = (kind: string) => card.contacts.filter((c) => c.kind === kind).length > 1;
  return (
    <div className="col tight">
      <ul className="contacts">
        {card.contacts.map((c) => (
          <li key={c.id} className="contact">
            {c.kind === 'email' ? (
              <IconMail size={16} />
            ) : c.kind === 'social' ? (
              <IconAt size={16} />
            ) : (
              <IconPhone size={16} />
            )}
            <div className="grow">
              <div className="row wrap tight">
                <span className="contact-value num">{c.value}</span>
                {c.preferred && (
                  <Tooltip label={c.by_hand ? `${t('card.preferred')}, ${t('card.byHand')}` : t('card.preferred')}>
                    <IconStarFilled size={13} className="warn" role="img" aria-label={t('card.preferred')} />
                  </Tooltip>
                )}
                {c.by_hand && <span className="dim small">{t('card.byHand')}</span>}
                {c.status && c.status !== 'ok' && (
                  <span className="pill" data-tone={/dead|hard|wrong/.test(c.status) ? 'bad' : 'warn'}>
                    {word(`contactStatus.${c.status}`)}
                  </span>
                )}
              </div>
              <div className="dim small">
                {f.date(c.first_seen) === f.date(c.last_seen)
                  ? f.date(c.last_seen)
                  : t('card.seen', { first: f.date(c.first_seen), last: f.date(c.last_seen) })}
                {' · '}
                {sourceOf(c.source)}
                {!brief && c.records > 1 && ` · ${t('card.inRecords', { count: c.records })}`}
              </div>
              {!brief && c.typed.length > 0 && (
                <div className="dim small num">{t('card.typed', { typed: c.typed.join(' | ') })}</div>
              )}
              {mayChoose && several(c.kind) && (!c.preferred || c.by_hand) && (
                <button
                  type="button"
                  className="link small"
                  disabled={prefer.isPending}
                  onClick={() => prefer.mutate({ contact_id: c.id, by_hand: !c.by_hand })}
                >
                  {c.by_hand ? t('card.byEngine') : t('card.prefer')}
                </button>
              )}
            </div>
          </li>
        ))}
        {card.contacts.length === 0 && <li className="dim">{t('card.noContacts')}</li>}
      </ul>
      {masked && can(session, 'unmask') && (
        <div className="row wrap tight">
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconEye size={14} />}
            loading={unmask.isPending}
            onClick={() => unmask.mutate()}
          >
            {t('card.unmask')}
          </Button>
          <span className="dim small">{t('card.unmaskNote')}</span>
        </div>
      )}
    </div>
  );
}

export function Addresses({ card }: { card: CustomerCard }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (card.addresses.length === 0) return <span className="dim">{t('card.noAddresses')}</span>;
  return (
    <ul className="contacts">
      {card.addresses.map((a) => (
        <li key={a.id}>
          {a.pickup ? <IconMapPin size={16} /> : <IconHome size={16} />}
          <span className="grow">
            {a.text}
            {a.city && !a.text.toLocaleLowerCase().includes(a.city.toLocaleLowerCase()) && (
              <span className="dim"> ({a.city})</span>
            )}
          </span>
          {a.pickup && <span className="pill">{t('card.pickup')}</span>}
          <span className="dim small">
            {f.date(a.first_seen) === f.date(a.last_seen)
              ? f.date(a.last_seen)
              : t('card.seen', { first: f.date(a.first_seen), last: f.date(a.last_seen) })}
          </span>
        </li>
      ))}
    </ul>
  );
}

export function Orders({ card, limit }: { card: CustomerCard; limit?: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const shown = limit ? card.orders.slice(0, limit) : card.orders;
  if (shown.length === 0) return <span className="dim">{t('card.noOrders')}</span>;
  return (
    <ul className="orders">
      {shown.map((o) => (
        <li key={o.id}>
          <IconPackage size={16} />
          <div className="grow col tight">
            <div className="row tight">
              <span className="strong">{f.date(o.day)}</span>
              <span className="dim small">{t('card.orderNo', { number: o.number })}</span>
              {o.status !== 'paid' && (
                <span className="pill" data-tone={o.status === 'cancelled' || o.status === 'returned' ? 'bad' : 'info'}>
                  {word(`orderStatus.${o.status}`)}
                </span>
              )}
              <span className="end strong num">{f.money(o.amount.minor, o.amount.currency)}</span>
            </div>
            <span className="ink2 small">
              {o.items.map((i) => (i.quantity > 1 ? `${i.title} × ${i.quantity}` : i.title)).join(', ')}
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}

/** One reason of a merge in words: what agreed, how closely, and what both records say. */
export function ReasonLine({ reason }: { reason: Reason }) {
  const word = useWord();
  const f = useFormat();
  return (
    <li className="reason" data-against={reason.weight < 0 || undefined}>
      <span className="reason-weight num" aria-hidden="true">
        {reason.weight > 0 ? '+' : reason.weight < 0 ? '−' : ''}
        {f.n(Math.abs(reason.weight), 1)}
      </span>
      <span className="grow">
        <b>{word(`field.${reason.field}`)}</b>: {word(`level.${reason.level}`)}
        {/* An address row may stand on a card by way of another order: two numbers would only puzzle. */}
        {(reason.a || reason.b) && (reason.field !== 'order' || reason.a === reason.b) && (
          <span className="dim reason-values">
            {reason.a ?? NONE} ↔ {reason.b ?? NONE}
          </span>
        )}
      </span>
    </li>
  );
}

export function Reasons({ reasons }: { reasons: Reason[] }) {
  const sorted = [...reasons].sort((a, b) => b.weight - a.weight);
  return (
    <ul className="reasons">
      {sorted.map((r, i) => (
        <ReasonLine key={`${r.field}${i}`} reason={r} />
      ))}
    </ul>
  );
}

export function useUndoMerge() {
  const client = useQueryClient();
  const { t } = useTranslation();
  const problem = useProblemText();
  return useMutation({
    mutationFn: (id: string) => api.post(`/api/merges/${id}/undo`),
    onSuccess: async () => {
      done(t('merge.undone'));
      await client.invalidateQueries();
    },
    onError: (error) => failed(problem(error)),
  });
}

export function MergeItem({ merge }: { merge: Merge }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const undo = useUndoMerge();
  return (
    <li className="merge" data-undone={merge.undone_at ? true : undefined}>
      <div className="row wrap tight">
        <span className="strong">{word(`mergeKind.${merge.kind}`)}</span>
        <span className="pill">{f.pct(merge.probability, 1)}</span>
        <span className="dim small">
          {merge.made_by === 'engine' ? t('merge.byEngine') : t('merge.byPerson')} · {f.date(merge.at)}
        </span>
        {merge.undone_at ? (
          <span className="pill end">{t('merge.wasUndone')}</span>
        ) : (
          <Button
            className="end"
            size="compact-xs"
            variant="subtle"
            leftSection={<IconArrowBackUp size={14} />}
            loading={undo.isPending}
            onClick={() => undo.mutate(merge.id)}
          >
            {t('merge.split')}
          </Button>
        )}
      </div>
      <Reasons reasons={merge.reasons} />
    </li>
  );
}

export function CardFacts({ card }: { card: CustomerCard }) {
  const { t } = useTranslation();
  const f = useFormat();
  const facts: [string, React.ReactNode][] = [
    [t('people.col.stage'), <StagePill key="s" stage={card.stage} />],
    [t('people.col.orders'), f.n(card.totals.orders)],
    [t('people.col.revenue'), f.money(card.totals.revenue.minor, card.totals.revenue.currency)],
    [t('card.first'), f.date(card.totals.first_day)],
    [t('card.last'), f.date(card.totals.last_day)],
    [t('card.language'), card.language ? t(`lang.${card.language}`) : NONE],
    [t('card.birth'), f.date(card.birth_date)],
  ];
  const written = card.written.filter((name) => name !== card.name);
  if (written.length > 0) facts.push([t('card.written'), written.join('; ')]);
  return (
    <dl className="facts">
      {facts.map(([label, value]) => (
        <Fragment key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

export function ConsentList({ card }: { card: CustomerCard }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  if (card.consents.length === 0) return <span className="dim">{t('card.noConsents')}</span>;
  return (
    <ul className="contacts">
      {card.consents.map((c, i) => (
        <li key={i}>
          <span className="pill" data-tone={c.state === 'given' ? 'good' : 'bad'}>
            {word(`consentState.${c.state}`)}
          </span>
          <span className="grow">
            {word(`purpose.${c.purpose}`)} · {word(`channel.${c.channel}`)}
            <span className="dim small"> {word(`basis.${c.basis}`)}</span>
          </span>
          <span className="dim small nowrap">{f.date(c.at)}</span>
        </li>
      ))}
    </ul>
  );
}
