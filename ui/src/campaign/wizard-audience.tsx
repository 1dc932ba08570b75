import { NumberInput, Radio, Select, Slider, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { CampaignDraft, Waterfall as WaterfallData } from '~/api/types';
import { segmentsQuery } from '~/audience/api';
import { WaterfallCard } from '~/audience/waterfall';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import type { Setter } from './api';

export function useWaterfall(draft: CampaignDraft) {
  const channels = [...new Set(draft.waves.map((w) => w.channel))];
  const body = {
    ...(draft.segment_id ? { segment_id: draft.segment_id } : { all: true }),
    channels,
    holdout_share: draft.holdout_share,
  };
  const query = useQuery({
    queryKey: ['waterfall', body],
    queryFn: ({ signal }) => api.post<WaterfallData>('/api/audience/waterfall', body, { signal }),
    placeholderData: (old) => old,
  });
  return { query, body };
}

export function AudienceStep({ draft, set }: { draft: CampaignDraft; set: Setter }) {
  const { t } = useTranslation();
  const segments = useQuery(segmentsQuery);
  const { query, body } = useWaterfall(draft);
  const byHand = draft.kind === 'journey' && draft.entry === 'hand';
  return (
    <div className="main-aside">
      {byHand ? (
        <Card title={t('journey.one')}>{t('journey.askByHand')}</Card>
      ) : (
        <WaterfallCard query={query} body={body} />
      )}
      <Card title={t('wizard.step.audience')}>
        <div className="col">
          <TextInput label={t('campaign.name')} value={draft.name} onChange={(e) => set({ name: e.target.value })} />
          {draft.kind === 'journey' && (
            <Radio.Group
              label={t('journey.entry')}
              value={draft.entry}
              onChange={(value) => set({ entry: value as CampaignDraft['entry'] })}
            >
              <div className="col tight" style={{ marginTop: 6 }}>
                {(['standing', 'segment', 'hand'] as const).map((value) => (
                  <Radio
                    key={value}
                    value={value}
                    label={t(`journey.entries.${value}`)}
                    description={t(`journey.entryText.${value}`)}
                  />
                ))}
              </div>
            </Radio.Group>
          )}
          <Radio.Group
            display={byHand ? 'none' : undefined}
            label={t('wizard.whom')}
            value={draft.segment_id ?? 'all'}
            onChange={(value) => set({ segment_id: value === 'all' ? null : value })}
          >
            <div className="col tight" style={{ marginTop: 6 }}>
              <Radio value="all" label={t('wizard.everyone')} />
              {(segments.data?.items ?? []).map((s) => (
                <Radio key={s.id} value={s.id} label={s.name} />
              ))}
            </div>
          </Radio.Group>
          <Link to="/segments/$id" params={{ id: 'new' }} className="small">
            {t('nav.newSegment')}
          </Link>
        </div>
      </Card>
    </div>
  );
}

export function HoldoutStep({ draft, set }: { draft: CampaignDraft; set: Setter }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { query, body } = useWaterfall(draft);
  const byHand = draft.kind === 'journey' && draft.entry === 'hand';
  return (
    <div className={byHand ? 'col' : 'main-aside'}>
      {!byHand && <WaterfallCard query={query} body={body} />}
      <div className="col">
        <Card title={t('wizard.step.holdout')}>
          <div className="col">
            <p className="dim">{t('wizard.holdoutText')}</p>
            <div className="big-n">{f.pct(draft.holdout_share, 0)}</div>
            <Slider
              thumbLabel={t('wizard.step.holdout')}
              min={0}
              max={50}
              step={1}
              label={(v) => f.pct(v / 100, 0)}
              value={Math.round(draft.holdout_share * 100)}
              onChange={(v) => set({ holdout_share: v / 100 })}
            />
            {draft.holdout_share === 0 && (
              <div className="note" data-tone="warn">
                {t('wizard.noHoldout')}
              </div>
            )}
          </div>
        </Card>
        <Card title={t('wizard.goal')}>
          <div className="col">
            <Select
              label={t('wizard.goalKind')}
              value={draft.goal.kind}
              data={[...new Set(['order', 'consent', draft.goal.kind])].map((value) => ({
                value,
                label:
                  value === 'order' ? t('wizard.goals.order') : value === 'consent' ? t('wizard.goals.consent') : value,
              }))}
              onChange={(kind) => kind && set({ goal: { ...draft.goal, kind } })}
            />
            <NumberInput
              label={t('wizard.window')}
              hideControls={false}
              min={1}
              max={365}
              suffix={` ${t('unit.days', { count: draft.goal.window_days })}`}
              value={draft.goal.window_days}
              onChange={(v) => set({ goal: { ...draft.goal, window_days: Number(v) || 30 } })}
            />
          </div>
        </Card>
      </div>
    </div>
  );
}
