import { Button, Chip } from '@mantine/core';
import {
  IconAlertTriangle,
  IconArrowsSplit2,
  IconCheck,
  IconClick,
  IconEdit,
  IconFileImport,
  IconGitMerge,
  IconHeartHandshake,
  IconMail,
  IconMailX,
  IconMessage,
  IconMessageReply,
  IconNote,
  IconPackage,
  IconPhone,
  IconStairs,
  IconStar,
  IconUserOff,
  IconUserPlus,
} from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { usePaged } from '~/api/paged';
import type { Interaction } from '~/api/types';
import { NONE, useFormat } from '~/design/format';
import { BoneRows, ErrorNote } from '~/design/state';
import { useWord } from '~/i18n/word';

const LOOK: Record<string, [ReactNode, string?]> = {
  order: [<IconPackage key="i" size={15} />, 'accent'],
  letter_sent: [<IconMail key="i" size={15} />],
  letter_bounced: [<IconMailX key="i" size={15} />, 'bad'],
  click: [<IconClick key="i" size={15} />],
  choice: [<IconCheck key="i" size={15} />, 'good'],
  subscribed: [<IconCheck key="i" size={15} />, 'good'],
  agreed: [<IconHeartHandshake key="i" size={15} />, 'good'],
  consent: [<IconHeartHandshake key="i" size={15} />, 'good'],
  opt_out: [<IconUserOff key="i" size={15} />, 'bad'],
  refused: [<IconUserOff key="i" size={15} />, 'bad'],
  sms_sent: [<IconMessage key="i" size={15} />],
  reply: [<IconMessageReply key="i" size={15} />, 'accent'],
  mention: [<IconMessageReply key="i" size={15} />, 'accent'],
  review: [<IconStar key="i" size={15} />, 'accent'],
  case_opened: [<IconAlertTriangle key="i" size={15} />, 'bad'],
  case_closed: [<IconCheck key="i" size={15} />, 'good'],
  answer: [<IconMessage key="i" size={15} />],
  call: [<IconPhone key="i" size={15} />],
  merge: [<IconGitMerge key="i" size={15} />],
  joined: [<IconGitMerge key="i" size={15} />],
  joined_by_hand: [<IconGitMerge key="i" size={15} />],
  merge_undone: [<IconArrowsSplit2 key="i" size={15} />],
  split: [<IconArrowsSplit2 key="i" size={15} />],
  correction: [<IconEdit key="i" size={15} />],
  entered: [<IconUserPlus key="i" size={15} />],
  import: [<IconFileImport key="i" size={15} />],
  stage: [<IconStairs key="i" size={15} />],
};

const money = (value: unknown): value is { minor: number; currency: string } =>
  typeof value === 'object' && value !== null && 'minor' in value;

const PARTS = ['all', 'orders', 'messages', 'calls', 'consents', 'card'] as const;

/** The whole history of a customer with the choice of what to see; the choice stands in the address. */
export function History({ id }: { id: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ from: '/inside/people/$id' });
  const part = PARTS.find((p) => p === search.part) ?? 'all';
  return (
    <div className="col">
      <Chip.Group
        value={part}
        onChange={(next) =>
          void navigate({
            to: '/people/$id',
            params: { id },
            search: (old) => ({ ...old, part: next === 'all' ? undefined : String(next) }),
            replace: true,
          })
        }
      >
        <fieldset className="row wrap tight chips">
          <legend className="sr">{t('timeline.filter')}</legend>
          {PARTS.map((p) => (
            <Chip key={p} value={p} size="xs">
              {t(`timeline.part.${p}`)}
            </Chip>
          ))}
        </fieldset>
      </Chip.Group>
      <Timeline id={id} part={part === 'all' ? undefined : part} />
    </div>
  );
}

export function Timeline({ id, part }: { id: string; part?: string }) {
  const { t } = useTranslation();
  const list = usePaged<Interaction>(['timeline', id], `/api/customers/${id}/timeline`, { part });
  if (list.error && !list.rows) return <ErrorNote error={list.error} retry={() => void list.refetch()} />;
  if (list.pending) return <BoneRows rows={6} />;
  const rows = list.rows ?? [];
  if (rows.length === 0) return <p className="dim">{t(part ? 'timeline.nonePart' : 'timeline.none')}</p>;
  return (
    <>
      <Entries rows={rows} />
      {list.more && (
        <Button variant="default" size="compact-sm" onClick={list.fetchMore}>
          {t('do.more')}
        </Button>
      )}
    </>
  );
}

/** What happened, entry by entry. */
export function Entries({ rows }: { rows: Interaction[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const stage = (value: unknown) => (value === 'none' || !value ? NONE : word(`stage.${value}`));
  // What belongs to a day and to no hour is told by its day.
  const when = ({ at, data }: Interaction) =>
    typeof data.day === 'number' || typeof data.day === 'string' ? f.date(data.day) : f.dateTime(at);
  const say = (entry: Interaction): string => {
    const { data } = entry;
    const out: string[] = [];
    for (const key of ['campaign', 'title', 'number', 'subject', 'text', 'note', 'reason', 'address'] as const) {
      const value = data[key];
      if (typeof value === 'string' && value) out.push(key === 'reason' ? word(`reason.${value}`) : value);
    }
    if (entry.kind === 'order' && typeof data.status === 'string' && data.status !== 'paid')
      out.push(word(`orderStatus.${data.status}`));
    if (entry.kind === 'stage') out.push(`${stage(data.from)} → ${stage(data.to)}`);
    if (typeof data.source === 'string') out.push(data.source);
    if (typeof data.records === 'number') out.push(t('timeline.records', { count: data.records }));
    if (typeof data.links === 'number') out.push(t('timeline.links', { count: data.links }));
    if (Array.isArray(data.kinds)) out.push(data.kinds.map((k) => word(`mergeKind.${k}`)).join(', '));
    if (Array.isArray(data.fields)) out.push(data.fields.map((k) => word(`field.${k}`)).join(', '));
    if (typeof data.outcome === 'string') out.unshift(word(`outcome.${data.outcome}`));
    if (Array.isArray(data.items))
      out.push(
        data.items
          .map((i: unknown) => (typeof i === 'string' ? i : ((i as { title?: string } | null)?.title ?? '')))
          .join(', '),
      );
    if (money(data.amount)) out.push(f.money(data.amount.minor, data.amount.currency));
    return out.filter(Boolean).join(' · ');
  };
  return (
    <ol className="timeline">
      {rows.map((entry) => {
        const [icon, tone] = LOOK[entry.kind] ?? [<IconNote key="i" size={15} />];
        return (
          <li key={entry.id}>
            <span className="timeline-dot" data-tone={tone}>
              {icon}
            </span>
            <div className="grow">
              <div className="strong">{word(`timeline.kind.${entry.kind}`)}</div>
              <div className="ink2 small">{say(entry)}</div>
            </div>
            <time className="dim small nowrap" dateTime={entry.at}>
              {when(entry)}
            </time>
          </li>
        );
      })}
    </ol>
  );
}
