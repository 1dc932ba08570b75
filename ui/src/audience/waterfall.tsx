import type { UseQueryResult } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Waterfall as Data } from '~/api/types';
import { Waterfall } from '~/design/bars';
import { ChartCard } from '~/design/chart';
import { useFormat } from '~/design/format';
import { BoneRows, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { type Who, WhoPanel } from '~/identity/people-list';

/** Who falls out of the audience and why; each step opens its people. */
export function WaterfallCard({ query, body }: { query: UseQueryResult<Data>; body: object }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const navigate = useNavigate();
  const [who, setWho] = useState<Who>();
  const ask = (code: string, title: string) =>
    setWho({
      title,
      question: { key: ['waterfall-list'], path: '/api/audience/waterfall/list', body: { ...body, code } },
    });
  return (
    <Loaded query={query} skeleton={<BoneRows rows={7} />}>
      {(data) => {
        const steps = [
          { key: 'base', label: t('waterfall.base'), value: data.base, kind: 'total' as const },
          ...data.steps.map((s) => ({
            key: s.code,
            label: word(`excluded.${s.code}`),
            value: s.count,
            kind: 'minus' as const,
            onOpen: () => ask(s.code, word(`excluded.${s.code}`)),
          })),
          {
            key: 'holdout',
            label: t('waterfall.holdout'),
            value: data.holdout,
            kind: 'minus' as const,
            onOpen: () => ask('holdout', t('waterfall.holdout')),
          },
          {
            key: 'remaining',
            label: t('waterfall.remaining'),
            value: data.remaining,
            kind: 'total' as const,
            onOpen: () => ask('remaining', t('waterfall.remaining')),
          },
        ];
        return (
          <>
            <ChartCard
              title={t('waterfall.title')}
              note={t('waterfall.note')}
              name="audience"
              height={200}
              drawing={<Waterfall steps={steps} />}
              twin={{
                head: [t('waterfall.step'), t('nav.people'), t('waterfall.share')],
                rows: steps.map((s) => ({
                  key: s.key,
                  cells: [
                    s.label,
                    s.kind === 'minus' ? -s.value : s.value,
                    data.base > 0 ? f.pct(s.value / data.base) : '',
                  ],
                  onWho: 'onOpen' in s ? s.onOpen : undefined,
                })),
              }}
            />
            {who && (
              <WhoPanel
                who={who}
                onClose={() => setWho(undefined)}
                onOpen={(c) => void navigate({ to: '/people/$id', params: { id: c.id } })}
              />
            )}
          </>
        );
      }}
    </Loaded>
  );
}
