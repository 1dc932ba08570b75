import { Button, Modal, NumberInput, Radio, Select, Slider, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import {
  IconArrowLeft,
  IconArrowRight,
  IconCheck,
  IconMailForward,
  IconPlus,
  IconRocket,
  IconTrash,
} from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorkspaceInfo } from '~/access/workspace-settings';
import { api } from '~/api/client';
import type { Campaign, CampaignDraft, ChannelKind, Waterfall as WaterfallData, WaveDraft } from '~/api/types';
import { useSession } from '~/app/router';
import { segmentsQuery } from '~/audience/api';
import { WaterfallCard } from '~/audience/waterfall';
import { BodyEditor, Findings } from '~/content/editor';
import { useFormat } from '~/design/format';
import { Card, Page } from '~/design/page';
import { BoneRows, ErrorNote, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { LANGS } from '~/i18n';
import { type Check, campaignQuery, defaultBodies, newDraft, newWave, useTurn } from './api';
import { ChannelIcon } from './campaigns-page';
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
      const draft = newDraft(t('wizard.firstName'), {
        name: sender?.shop_name || workspace.name,
        address: domain ? `hello@${domain}` : (sender?.email ?? ''),
      });
      for (const wave of draft.waves) wave.bodies = await defaultBodies(wave.channel);
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
      lead={t('wizard.lead')}
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
              {t(`wizard.step.${s}`)}
            </button>
          </li>
        ))}
      </ol>
      {save.error && <ErrorNote error={save.error} retry={() => save.mutate(draft)} />}
      {step === 'audience' && <AudienceStep draft={draft} set={set} />}
      {step === 'letter' && <LetterStep draft={draft} setWave={setWave} set={set} />}
      {step === 'waves' && <WavesStep draft={draft} set={set} setWave={setWave} />}
      {step === 'holdout' && <HoldoutStep draft={draft} set={set} />}
      {step === 'check' && <CheckStep id={campaign.id} ready={!dirty && !save.isPending} />}
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
            {t(`wizard.step.${after}`)}
          </Button>
        )}
      </div>
    </Page>
  );
}

type Setter = (change: Partial<CampaignDraft>) => void;
type WaveSetter = (index: number, change: Partial<WaveDraft>) => void;

function useWaterfall(draft: CampaignDraft) {
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

function AudienceStep({ draft, set }: { draft: CampaignDraft; set: Setter }) {
  const { t } = useTranslation();
  const segments = useQuery(segmentsQuery);
  const { query, body } = useWaterfall(draft);
  return (
    <div className="main-aside">
      <WaterfallCard query={query} body={body} />
      <Card title={t('wizard.step.audience')}>
        <div className="col">
          <TextInput label={t('campaign.name')} value={draft.name} onChange={(e) => set({ name: e.target.value })} />
          <Radio.Group
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

function LetterStep({ draft, setWave, set }: { draft: CampaignDraft; setWave: WaveSetter; set: Setter }) {
  const { t } = useTranslation();
  const wave = draft.waves[0];
  if (!wave) return null;
  return (
    <>
      <Card>
        <div className="grid" style={{ ['--min' as string]: '190px' }}>
          <TextInput
            label={t('wizard.fromName')}
            value={wave.from_name}
            onChange={(e) => setWave(0, { from_name: e.target.value })}
          />
          <TextInput
            label={t('wizard.fromAddress')}
            type="email"
            value={wave.from_address}
            onChange={(e) => setWave(0, { from_address: e.target.value })}
          />
          <Select
            label={t('wizard.language')}
            value={draft.language}
            onChange={(v) => v && set({ language: v })}
            data={[
              { value: 'by-customer' as const, label: t('wizard.byCustomer') },
              ...LANGS.map((l) => ({ value: l, label: t(`lang.${l}`) })),
            ]}
          />
        </div>
      </Card>
      <BodyEditor
        channel={wave.channel}
        bodies={wave.bodies}
        onChange={(bodies) => setWave(0, { bodies })}
        position={1}
        rule={draft.language}
      />
    </>
  );
}

function WavesStep({ draft, set, setWave }: { draft: CampaignDraft; set: Setter; setWave: WaveSetter }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<number | undefined>(draft.waves.length > 1 ? 1 : undefined);
  const first = draft.waves[0];
  const add = async (channel: ChannelKind) => {
    const wave = newWave(channel, draft.waves.length === 0, {
      name: first?.from_name ?? '',
      address: first?.from_address ?? '',
    });
    wave.bodies = await defaultBodies(channel).catch(() => ({}));
    set({ waves: [...draft.waves, wave] });
    setOpen(draft.waves.length);
  };
  return (
    <>
      <p className="dim">{t('wizard.wavesText')}</p>
      {draft.waves.map((wave, i) => (
        <Card key={i}>
          <div className="wave-row">
            <span className="wave-no">{i + 1}</span>
            <Select
              label={t('base.channel')}
              value={wave.channel}
              leftSection={<ChannelIcon channel={wave.channel} />}
              data={(['email', 'sms', 'call'] as const).map((c) => ({ value: c, label: t(`channel.${c}`) }))}
              onChange={async (channel) => {
                if (channel) setWave(i, { channel, bodies: await defaultBodies(channel).catch(() => ({})) });
              }}
            />
            <NumberInput
              label={i === 0 ? t('wizard.afterLaunch') : t('wizard.afterWave')}
              value={wave.after_days}
              min={0}
              max={365}
              allowDecimal={false}
              hideControls={false}
              suffix={` ${t('unit.days')}`}
              onChange={(v) => setWave(i, { after_days: Number(v) || 0 })}
            />
            <Select
              label={t('wizard.to')}
              value={wave.target}
              disabled={i === 0}
              data={(['all', 'silent'] as const).map((v) => ({ value: v, label: t(`wizard.target.${v}`) }))}
              onChange={(v) => v && setWave(i, { target: v })}
            />
            <div className="row tight">
              <Button variant="default" onClick={() => setOpen(open === i ? undefined : i)} aria-expanded={open === i}>
                {t(`letter.of.${wave.channel}`)}
              </Button>
              {i > 0 && (
                <Button
                  variant="subtle"
                  color="gray"
                  px={8}
                  aria-label={t('do.delete')}
                  onClick={() => {
                    const waves = draft.waves;
                    set({ waves: waves.filter((_, x) => x !== i) });
                    done(t('wizard.waveRemoved'), () => set({ waves }));
                  }}
                >
                  <IconTrash size={16} />
                </Button>
              )}
            </div>
          </div>
          {open === i && (
            <div style={{ marginTop: 16 }}>
              <BodyEditor
                channel={wave.channel}
                bodies={wave.bodies}
                onChange={(bodies) => setWave(i, { bodies })}
                position={i + 1}
                rule={draft.language}
              />
            </div>
          )}
        </Card>
      ))}
      <div className="row">
        {(['email', 'sms', 'call'] as const).map((channel) => (
          <Button
            key={channel}
            variant="default"
            leftSection={<IconPlus size={15} />}
            onClick={() => void add(channel)}
          >
            {t(`channel.${channel}`)}
          </Button>
        ))}
      </div>
    </>
  );
}

function HoldoutStep({ draft, set }: { draft: CampaignDraft; set: Setter }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { query, body } = useWaterfall(draft);
  return (
    <div className="main-aside">
      <WaterfallCard query={query} body={body} />
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
              suffix={` ${t('unit.days')}`}
              value={draft.goal.window_days}
              onChange={(v) => set({ goal: { ...draft.goal, window_days: Number(v) || 30 } })}
            />
          </div>
        </Card>
      </div>
    </div>
  );
}

function useCheck(id: string, ready: boolean) {
  return useQuery({
    queryKey: ['campaign-check', id],
    queryFn: ({ signal }) => api.post<Check>(`/api/campaigns/${id}/check`, {}, { signal }),
    enabled: ready,
    staleTime: 0,
    gcTime: 0,
  });
}

function CheckStep({ id, ready }: { id: string; ready: boolean }) {
  const { t } = useTranslation();
  const { user } = useSession();
  const problem = useProblemText();
  const check = useCheck(id, ready);
  const domain = useQuery({
    queryKey: ['domain-check'],
    queryFn: ({ signal }) =>
      api.post<{ check: string; ok: boolean; detail: string }[]>('/api/senders/email/check', {}, { signal }),
    staleTime: 60_000,
  });
  const [to, setTo] = useState(user.email);
  const test = useMutation({
    mutationFn: () => api.post(`/api/campaigns/${id}/test`, { to }),
    onSuccess: () => done(t('wizard.testSent', { to })),
    onError: (error) => failed(problem(error)),
  });
  return (
    <div className="two">
      <Card
        title={t('wizard.checkLetter')}
        aside={
          <Button variant="default" size="compact-sm" onClick={() => void check.refetch()} loading={check.isFetching}>
            {t('do.check')}
          </Button>
        }
      >
        <Loaded query={check} skeleton={<BoneRows rows={3} />}>
          {(c) =>
            c.findings.length > 0 ? (
              <Findings findings={c.findings} />
            ) : (
              <div className="note" data-tone="good">
                <IconCheck size={18} />
                {t('wizard.checkClean')}
              </div>
            )
          }
        </Loaded>
      </Card>
      <div className="col">
        <Card title={t('wizard.checkDomain')}>
          <Loaded query={domain} skeleton={<BoneRows rows={3} />}>
            {(list) => <DomainChecks list={list} />}
          </Loaded>
        </Card>
        <Card title={t('wizard.test')}>
          <form
            className="row top"
            onSubmit={(e) => {
              e.preventDefault();
              test.mutate();
            }}
          >
            <TextInput
              className="grow"
              type="email"
              required
              aria-label={t('wizard.testTo')}
              value={to}
              onChange={(e) => setTo(e.target.value)}
            />
            <Button
              type="submit"
              variant="default"
              leftSection={<IconMailForward size={16} />}
              loading={test.isPending}
            >
              {t('wizard.sendTest')}
            </Button>
          </form>
        </Card>
      </div>
    </div>
  );
}

export function DomainChecks({ list }: { list: { check: string; ok: boolean; detail: string }[] | { items?: never } }) {
  const { t } = useTranslation();
  const rows = Array.isArray(list) ? list : [];
  return (
    <ul className="contacts">
      {rows.map((c) => (
        <li key={c.check}>
          <span className="pill" data-tone={c.ok ? 'good' : 'bad'}>
            {c.ok ? t('sender.ok') : t('sender.bad')}
          </span>
          <span className="strong">{c.check.toUpperCase()}</span>
          <span className="grow dim small">{c.detail}</span>
        </li>
      ))}
    </ul>
  );
}

/** A launch cannot be undone: it alone asks, and it asks once. */
function LaunchStep({ id, draft, ready }: { id: string; draft: CampaignDraft; ready: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const problem = useProblemText();
  const check = useCheck(id, ready);
  const { query } = useWaterfall(draft);
  const turn = useTurn(id);
  const [asking, setAsking] = useState(false);
  const refused = check.data?.findings.some((x) => x.severity === 'refuse' || x.severity === 'error') ?? false;
  return (
    <Card title={t('wizard.step.launch')}>
      <div className="col">
        <dl className="facts">
          <dt>{t('wizard.willGet')}</dt>
          <dd className="strong num">{f.n(query.data?.remaining)}</dd>
          <dt>{t('wizard.step.holdout')}</dt>
          <dd className="num">
            {f.n(query.data?.holdout)} ({f.pct(draft.holdout_share, 0)})
          </dd>
          <dt>{t('campaign.waves')}</dt>
          <dd>
            {draft.waves.map((w, i) => (
              <div key={i}>
                {i + 1}. {t(`channel.${w.channel}`)},{' '}
                {i === 0 ? t('wizard.atOnce') : t('wizard.afterDays', { count: w.after_days })},{' '}
                {t(`wizard.target.${w.target}`)}
              </div>
            ))}
          </dd>
        </dl>
        {check.error && <ErrorNote error={check.error} />}
        {check.data && check.data.findings.length > 0 && <Findings findings={check.data.findings} />}
        <div>
          <Button
            size="md"
            leftSection={<IconRocket size={18} />}
            disabled={!ready || refused || !check.data}
            onClick={() => setAsking(true)}
            data-testid="launch"
          >
            {t('wizard.launch')}
          </Button>
        </div>
      </div>
      <Modal opened={asking} onClose={() => setAsking(false)} title={t('wizard.askTitle')}>
        <div className="col">
          <p>{t('wizard.askText', { count: query.data?.remaining ?? 0, n: f.n(query.data?.remaining) })}</p>
          {turn.error && <ErrorNote error={turn.error} />}
          <div className="row">
            <Button
              loading={turn.isPending}
              data-testid="launch-yes"
              onClick={() =>
                turn.mutate('launch', {
                  onSuccess: () => void navigate({ to: '/campaigns/$id', params: { id } }),
                  onError: (error) => failed(problem(error)),
                })
              }
            >
              {t('wizard.launch')}
            </Button>
            <Button variant="default" onClick={() => setAsking(false)}>
              {t('do.cancel')}
            </Button>
          </div>
        </div>
      </Modal>
    </Card>
  );
}
