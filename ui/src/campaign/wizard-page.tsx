import { Button } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconArrowLeft, IconArrowRight, IconCheck } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorkspaceInfo } from '~/access/workspace-settings';
import { api } from '~/api/client';
import type { Campaign, CampaignDraft, WaveDraft } from '~/api/types';
import { useSession } from '~/app/router';
import { Page } from '~/design/page';
import { BoneRows, ErrorNote } from '~/design/state';
import { campaignQuery, defaultBodies, newDraft, newJourney } from './api';
import { AudienceStep, HoldoutStep } from './wizard-audience';
import { CheckStep, LaunchStep } from './wizard-launch';
import { LetterStep, WavesStep } from './wizard-texts';
import './campaign.css';

const STEPS = ['audience', 'letter', 'waves', 'holdout', 'check', 'launch'] as const;
type StepName = (typeof STEPS)[number];

export function WizardPage() {
  const { id } = useParams({ from: '/inside/campaigns/$id/edit' });
  const { t } = useTranslation();
  return id === 'new' ? (
    <NewCampaign />
  ) : (
    <Existing key={id} id={id} fallback={<Page title={t('wizard.title')}>{<BoneRows rows={10} />}</Page>} />
  );
}

function Existing({ id, fallback }: { id: string; fallback: React.ReactNode }) {
  const { t } = useTranslation();
  const campaign = useQuery(campaignQuery(id));
  if (campaign.error && !campaign.data)
    return (
      <Page title={t('wizard.title')}>
        <ErrorNote error={campaign.error} retry={() => void campaign.refetch()} />
      </Page>
    );
  return campaign.data ? <Wizard campaign={campaign.data} /> : fallback;
}

/** A draft is made on the server at once, filled with the shipped texts, so that nothing typed can be lost. */
function NewCampaign() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { workspace } = useSession();
  // A recommendation names whom the campaign speaks to.
  const { segment, name, kind, series } = useSearch({ from: '/inside/campaigns/$id/edit' });
  const started = useRef(false);
  const create = useMutation({
    mutationFn: async () => {
      const [info, config] = await Promise.all([
        api.get<WorkspaceInfo>('/api/workspace'),
        // A workspace that has not set its sender up yet may still write its letter.
        api.get<{ config: { domain?: string } | null }>('/api/senders/email').catch(() => undefined),
      ]);
      const sender = info.settings?.sender;
      const domain = config?.config?.domain;
      const from = {
        name: sender?.shop_name || workspace.name,
        address: domain ? `hello@${domain}` : (sender?.email ?? ''),
      };
      const journey = kind === 'journey';
      const draft = journey
        ? await newJourney(name || t('journey.firstName'), from, series)
        : newDraft(name || t('wizard.firstName'), from);
      draft.segment_id = segment ?? null;
      // Without a segment the whole base would enter: people are sent by hand until one is named.
      if (journey && !segment) draft.entry = 'hand';
      if (!journey) for (const wave of draft.waves) wave.bodies = await defaultBodies(wave.channel);
      return api.post<Campaign>('/api/campaigns', draft);
    },
    onSuccess: (made) => {
      client.setQueryData(['campaign', made.id], made);
      void client.invalidateQueries({ queryKey: ['campaigns'] });
      void navigate({ to: '/campaigns/$id/edit', params: { id: made.id }, search: {}, replace: true });
    },
  });
  const { mutate } = create;
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    mutate();
  }, [mutate]);
  return (
    <Page title={t('wizard.title')}>
      {create.error ? <ErrorNote error={create.error} retry={() => create.mutate()} /> : <BoneRows rows={10} />}
    </Page>
  );
}

function bare(c: CampaignDraft): CampaignDraft {
  return {
    name: c.name,
    kind: c.kind,
    entry: c.entry,
    language: c.language,
    segment_id: c.segment_id,
    holdout_share: c.holdout_share,
    goal: c.goal,
    waves: c.waves.map((w) => ({
      channel: w.channel,
      after_days: w.after_days,
      target: w.target,
      bodies: w.bodies,
      from_name: w.from_name,
      from_address: w.from_address,
      rate_per_second: w.rate_per_second,
      variants: w.variants,
    })),
  };
}

function Wizard({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { step: asked } = useSearch({ from: '/inside/campaigns/$id/edit' });
  const step: StepName = STEPS.find((s) => s === asked) ?? 'audience';
  const [draft, setDraft] = useState<CampaignDraft>(() => bare(campaign));
  const [dirty, setDirty] = useState(false);
  const save = useMutation({
    mutationFn: (next: CampaignDraft) => api.put<Campaign>(`/api/campaigns/${campaign.id}`, next),
    onSuccess: (saved) => {
      if (saved) client.setQueryData(['campaign', campaign.id], saved);
      void client.invalidateQueries({ queryKey: ['campaigns'] });
      setDirty(false);
    },
  });
  const saveSoon = useDebouncedCallback((next: CampaignDraft) => save.mutate(next), {
    delay: 500,
    flushOnUnmount: true,
  });
  const set = (change: Partial<CampaignDraft>) => {
    const next = { ...draft, ...change };
    setDraft(next);
    setDirty(true);
    saveSoon(next);
  };
  const setWave = (index: number, change: Partial<WaveDraft>) =>
    set({ waves: draft.waves.map((w, i) => (i === index ? { ...w, ...change } : w)) });
  const go = (to: StepName) =>
    void navigate({ to: '/campaigns/$id/edit', params: { id: campaign.id }, search: { step: to }, replace: true });
  const stepName = (s: StepName) =>
    draft.kind === 'journey' && s === 'waves' ? t('journey.steps') : t(`wizard.step.${s}`);
  const at = STEPS.indexOf(step);
  const before = STEPS[at - 1];
  const after = STEPS[at + 1];

  if (campaign.state !== 'draft')
    return (
      <Page title={campaign.name}>
        <div className="note" data-tone="info">
          <span className="grow">{t('wizard.launched')}</span>
          <Link to="/campaigns/$id" params={{ id: campaign.id }}>
            {t('do.open')}
          </Link>
        </div>
      </Page>
    );

  return (
    <Page
      title={draft.name || t('wizard.title')}
      lead={t(draft.kind === 'journey' ? 'journey.wizardLead' : 'wizard.lead')}
      actions={
        <span className="dim small" aria-live="polite">
          {save.isPending || dirty ? t('wizard.saving') : t('state.saved')}
        </span>
      }
    >
      <ol className="steps">
        {STEPS.map((s, i) => (
          <li key={s}>
            <button
              type="button"
              aria-current={s === step ? 'step' : undefined}
              data-done={i < at || undefined}
              onClick={() => go(s)}
            >
              <i>{i < at ? <IconCheck size={13} /> : i + 1}</i>
              {stepName(s)}
            </button>
          </li>
        ))}
      </ol>
      {save.error && <ErrorNote error={save.error} retry={() => save.mutate(draft)} />}
      {step === 'audience' && <AudienceStep draft={draft} set={set} />}
      {step === 'letter' && <LetterStep draft={draft} setWave={setWave} set={set} />}
      {step === 'waves' && <WavesStep draft={draft} set={set} setWave={setWave} />}
      {step === 'holdout' && <HoldoutStep draft={draft} set={set} />}
      {step === 'check' && <CheckStep id={campaign.id} draft={draft} ready={!dirty && !save.isPending} />}
      {step === 'launch' && <LaunchStep id={campaign.id} draft={draft} ready={!dirty && !save.isPending} />}
      <div className="wizard-foot">
        {before && (
          <Button variant="default" leftSection={<IconArrowLeft size={16} />} onClick={() => go(before)}>
            {t('do.back')}
          </Button>
        )}
        <span className="grow" />
        {after && (
          <Button rightSection={<IconArrowRight size={16} />} onClick={() => go(after)}>
            {stepName(after)}
          </Button>
        )}
      </div>
    </Page>
  );
}
