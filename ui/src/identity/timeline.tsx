import { Button } from '@mantine/core';
import {
  IconCheck,
  IconClick,
  IconGitMerge,
  IconHeartHandshake,
  IconMail,
  IconMailX,
  IconMessage,
  IconMessageReply,
  IconNote,
  IconPackage,
  IconPhone,
  IconUserOff,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { usePaged } from '~/api/paged';
import type { Interaction } from '~/api/types';
import { useFormat } from '~/design/format';
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
  call: [<IconPhone key="i" size={15} />],
  merge: [<IconGitMerge key="i" size={15} />],
};

const money = (value: unknown): value is { minor: number; currency: string } =>
  typeof value === 'object' && value !== null && 'minor' in value;

export function Timeline({ id }: { id: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const list = usePaged<Interaction>(['timeline', id], `/api/customers/${id}/timeline`);
  if (list.error && !list.rows) return <ErrorNote error={list.error} retry={() => void list.refetch()} />;
  if (list.pending) return <BoneRows rows={6} />;
  const rows = list.rows ?? [];
  if (rows.length === 0) return <p className="dim">{t('timeline.none')}</p>;
  const say = (entry: Interaction): string => {
    const { data } = entry;
    const out: string[] = [];
    for (const key of ['campaign', 'title', 'number', 'subject', 'text', 'note', 'reason', 'address'] as const) {
      const value = data[key];
      if (typeof value === 'string' && value) out.push(key === 'reason' ? word(`reason.${value}`) : value);
    }
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
    <>
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
                {f.dateTime(entry.at)}
              </time>
            </li>
          );
        })}
      </ol>
      {list.more && (
        <Button variant="default" size="compact-sm" onClick={list.fetchMore}>
          {t('do.more')}
        </Button>
      )}
    </>
  );
}
