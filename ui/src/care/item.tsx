import { Button, NativeSelect, TextInput } from '@mantine/core';
import { IconArrowBackUp, IconChevronLeft, IconExternalLink, IconHandStop } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { useSession } from '~/app/router';
import { useFormat } from '~/design/format';
import { useKeys } from '~/design/keys';
import { BoneRows, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { Entries } from '~/identity/timeline';
import { cardQuery, useAct } from './api';
import { Stars } from './inbox-page';
import { Person } from './person';
import { Answer, Close } from './reply';
import { type CareCard, type CareItem, SEVERITIES, TOPICS } from './types';
import '~/identity/identity.css';

interface Props {
  id: string;
  onBack: () => void;
  onOpen: (id: string) => void;
}

/** One item: the words, who said them, what is done about it, and all that happened with the person. */
export function ItemView({ id, ...rest }: Props) {
  const card = useQuery(cardQuery(id));
  return (
    <Loaded query={card} skeleton={<BoneRows rows={8} />}>
      {(c) => <View card={c} {...rest} />}
    </Loaded>
  );
}

function View({ card, onBack, onOpen }: { card: CareCard } & Omit<Props, 'id'>) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const session = useSession();
  const { item } = card;
  const m = item.mention;
  const act = useAct(item);
  const own = item.owner_id === session.user.id;
  const open = item.status === 'new' || item.status === 'in_work';
  const here = item.kind !== 'callback' && !item.case_id;
  const take = () => act.mutate({ verb: 'change', body: { owner_id: own ? '' : 'me' } });
  useKeys({
    a: here && open && !act.isPending ? take : undefined,
    r: () => document.getElementById('care-answer')?.focus(),
    c: () => document.getElementById('care-outcome')?.focus(),
    o: m?.url ? () => window.open(m.url, '_blank', 'noopener') : undefined,
    u: here && !open && !act.isPending ? () => act.mutate({ verb: 'back', body: {} }) : undefined,
  });
  return (
    <div className="col loose">
      <div className="row wrap top">
        <Button
          className="inbox-back"
          variant="subtle"
          size="compact-sm"
          leftSection={<IconChevronLeft size={15} />}
          onClick={onBack}
        >
          {t('do.back')}
        </Button>
        <div className="grow col tight care-title">
          <h2>{item.name || t('care.item.stranger')}</h2>
          <span className="row tight wrap small">
            <span className="pill" data-tone={item.kind === 'case' ? 'bad' : undefined}>
              {word(`care.kind.${item.kind}`)}
            </span>
            <span className="dim">{m?.platform ?? word(`care.channel.${item.channel}`)}</span>
            {m?.rating ? <Stars n={m.rating} /> : null}
            <span className="dim">{f.dateTime(item.came_at)}</span>
            <span className="pill" data-tone={item.status === 'closed' ? 'good' : open ? 'warn' : 'info'}>
              {word(`care.itemStatus.${item.status}`)}
            </span>
            {open && (
              <span className={item.overdue ? 'bad' : 'dim'}>
                {t('care.item.due', { at: f.dateTime(item.due_at) })}
              </span>
            )}
          </span>
        </div>
        {here && open && (
          <Button
            variant={own ? 'default' : 'filled'}
            leftSection={<IconHandStop size={16} />}
            rightSection={<kbd>A</kbd>}
            loading={act.isPending}
            onClick={take}
          >
            {own ? t('care.item.release') : t('care.item.take')}
          </Button>
        )}
        {here && !open && (
          <Button
            variant="default"
            leftSection={<IconArrowBackUp size={16} />}
            rightSection={<kbd>U</kbd>}
            loading={act.isPending}
            onClick={() => act.mutate({ verb: 'back', body: {} })}
          >
            {item.status === 'closed' ? t('care.item.reopen') : t('care.item.unanswer')}
          </Button>
        )}
      </div>
      <div className="care-two">
        <div className="col loose">
          {item.text && <blockquote className="care-words">{item.text}</blockquote>}
          {m && <MentionNote item={item} act={act} onOpen={onOpen} />}
          {item.answer && (
            <div className="col tight">
              <h3>{t('care.answer.given', { at: f.dateTime(item.answered_at) })}</h3>
              <blockquote className="care-words">{item.answer}</blockquote>
            </div>
          )}
          {item.status === 'closed' && (
            <p>
              <strong>{word(`care.outcome.${item.outcome}`)}</strong>
              {item.resolution && `: ${item.resolution}`}
            </p>
          )}
          {item.kind === 'callback' && (
            <p className="note">
              <span>
                {t('care.item.atDesk')} {can(session, 'calls') && <Link to="/calls">{t('nav.calls')}</Link>}
              </span>
            </p>
          )}
          {here && item.status !== 'closed' && (
            <>
              <Answer item={item} act={act} />
              <Close item={item} act={act} />
            </>
          )}
          {here && <Facts key={`f${item.updated_at}`} card={card} act={act} />}
        </div>
        <div className="col loose">
          <Person item={item} act={act} />
          <Others rows={card.others} onOpen={onOpen} />
          {card.thread.length > 0 && (
            <Part title={t('card.timeline')}>
              <Entries rows={card.thread} />
            </Part>
          )}
          <Part title={t('care.item.history')}>
            <History card={card} />
          </Part>
        </div>
      </div>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="col tight">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

type Acting = ReturnType<typeof useAct>;

/** Where it was said, and whether it is a complaint: a rating or a person decides, words only hint. */
function MentionNote({ item, act, onOpen }: { item: CareItem; act: Acting; onOpen: (id: string) => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const m = item.mention;
  if (!m) return null;
  const negative = m.negative === 'rating' || m.negative === 'person';
  return (
    <div className="col tight">
      <div className="row wrap tight">
        {m.url && (
          <Button
            component="a"
            href={m.url}
            target="_blank"
            rel="noopener noreferrer"
            variant="default"
            size="compact-sm"
            leftSection={<IconExternalLink size={15} />}
            rightSection={<kbd>O</kbd>}
          >
            {t('care.item.open', { platform: m.platform })}
          </Button>
        )}
        {item.kind !== 'case' && (
          <Button
            variant="default"
            size="compact-sm"
            loading={act.isPending}
            onClick={() => act.mutate({ verb: 'change', body: { negative: !negative } })}
          >
            {negative ? t('care.item.notNegative') : t('care.item.negative')}
          </Button>
        )}
        {item.case_id && (
          <Button size="compact-sm" onClick={() => item.case_id && onOpen(item.case_id)}>
            {t('care.item.toCase')}
          </Button>
        )}
        {item.kind === 'case' && item.parent_id && (
          <Button variant="subtle" size="compact-sm" onClick={() => item.parent_id && onOpen(item.parent_id)}>
            {t('care.item.toMention')}
          </Button>
        )}
      </div>
      {m.hint && (
        <p className="note small">
          <span>{t('care.item.hint', { word: m.hint.word, topic: word(`care.topic.${m.hint.topic}`) })}</span>
        </p>
      )}
      <p className="dim small">
        {[m.product, m.order_number && t('care.item.order', { number: m.order_number }), m.profile, m.contact, m.source]
          .filter(Boolean)
          .join(' · ')}
      </p>
    </div>
  );
}

/** Topic, owner and what else is known; saved together, as it was seen. */
function Facts({ card, act }: { card: CareCard; act: Acting }) {
  const { t } = useTranslation();
  const { item } = card;
  const isCase = item.kind === 'case';
  const old = {
    topic: item.topic,
    owner_id: item.owner_id ?? '',
    severity: item.severity as string,
    order_number: card.order_number ?? '',
    employee: item.employee,
    compensation: item.compensation,
  };
  const [form, setForm] = useState(old);
  const set = (change: Partial<typeof old>) => setForm({ ...form, ...change });
  const body = Object.fromEntries(
    (Object.keys(old) as (keyof typeof old)[]).filter((k) => form[k] !== old[k]).map((k) => [k, form[k]]),
  );
  return (
    <form
      className="col"
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate({ verb: 'change', body });
      }}
    >
      <div className="two">
        <NativeSelect
          label={t('care.topic.label')}
          value={form.topic}
          onChange={(e) => set({ topic: e.currentTarget.value })}
          data={[
            { value: '', label: t('care.topic.none') },
            ...TOPICS.map((value) => ({ value, label: t(`care.topic.${value}`) })),
          ]}
        />
        {item.status !== 'closed' && (
          <NativeSelect
            label={t('care.item.owner')}
            value={form.owner_id}
            onChange={(e) => set({ owner_id: e.currentTarget.value })}
            data={[
              { value: '', label: t('improve.board.nobody') },
              ...card.members.map((x) => ({ value: x.id, label: x.name })),
            ]}
          />
        )}
        {isCase && (
          <>
            <NativeSelect
              label={t('care.severity.label')}
              value={form.severity}
              onChange={(e) => set({ severity: e.currentTarget.value })}
              data={SEVERITIES.map((value) => ({ value, label: t(`care.severity.${value}`) }))}
            />
            <TextInput
              label={t('care.item.orderNumber')}
              disabled={!item.customer_id}
              value={form.order_number}
              onChange={(e) => set({ order_number: e.target.value })}
            />
            <TextInput
              label={t('care.item.employee')}
              value={form.employee}
              onChange={(e) => set({ employee: e.target.value })}
            />
            <TextInput
              label={t('care.item.compensation')}
              value={form.compensation}
              onChange={(e) => set({ compensation: e.target.value })}
            />
          </>
        )}
      </div>
      <div>
        <Button type="submit" variant="default" loading={act.isPending} disabled={Object.keys(body).length === 0}>
          {t('do.save')}
        </Button>
      </div>
    </form>
  );
}

function Others({ rows, onOpen }: { rows: CareItem[]; onOpen: (id: string) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  if (rows.length === 0) return null;
  return (
    <Part title={t('care.item.others', { n: rows.length })}>
      <ul className="care-found">
        {rows.map((row) => (
          <li key={row.id}>
            <button type="button" className="plain cut" onClick={() => onOpen(row.id)}>
              {f.date(row.came_at)} · {word(`care.kind.${row.kind}`)} · {word(`care.itemStatus.${row.status}`)}
              {row.topic && ` · ${word(`care.topic.${row.topic}`)}`}
            </button>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function History({ card }: { card: CareCard }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  if (card.history.length === 0) return <p className="dim">{t('care.item.noHistory')}</p>;
  const value = (field: string, text: string) => {
    if (!text) return '–';
    if (field === 'owner_id') return card.members.find((x) => x.id === text)?.name ?? text;
    if (field === 'status') return word(`care.itemStatus.${text}`);
    if (field === 'topic' || field === 'outcome' || field === 'severity') return word(`care.${field}.${text}`);
    if (field === 'created') return word(`care.created.${text}`);
    return text;
  };
  return (
    <ul className="care-found small">
      {card.history.map((h) => (
        <li key={h.id}>
          <span className="dim">
            {f.dateTime(h.at)} {h.actor}
          </span>{' '}
          {word(`care.field.${h.field}`)}: {h.before && `${value(h.field, h.before)} → `}
          {value(h.field, h.after)}
        </li>
      ))}
    </ul>
  );
}
