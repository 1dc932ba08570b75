import { Button, Modal, Select, TextInput } from '@mantine/core';
import { IconCheck, IconMailForward, IconRocket } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { CampaignDraft } from '~/api/types';
import { useSession } from '~/app/router';
import { Findings } from '~/content/editor';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneRows, ErrorNote, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { type Check, useTurn } from './api';
import { useWaterfall } from './wizard-audience';

function useCheck(id: string, ready: boolean) {
  return useQuery({
    queryKey: ['campaign-check', id],
    queryFn: ({ signal }) => api.post<Check>(`/api/campaigns/${id}/check`, {}, { signal }),
    enabled: ready,
    staleTime: 0,
    gcTime: 0,
  });
}

export function CheckStep({ id, draft, ready }: { id: string; draft: CampaignDraft; ready: boolean }) {
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
  const [which, setWhich] = useState<string | null>(null);
  const variants = draft.waves.find((w) => w.channel === 'email')?.variants ?? [];
  const test = useMutation({
    mutationFn: () => api.post(`/api/campaigns/${id}/test`, { to, variant: which ? Number(which) : undefined }),
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
            {variants.length > 0 && (
              <Select
                w={190}
                clearable
                aria-label={t('variant.testOf')}
                placeholder={t('variant.testOwn')}
                data={variants.map((v, i) => ({ value: String(i + 1), label: v.name || String(i + 1) }))}
                value={which}
                onChange={setWhich}
              />
            )}
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
export function LaunchStep({ id, draft, ready }: { id: string; draft: CampaignDraft; ready: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const problem = useProblemText();
  const check = useCheck(id, ready);
  const { query } = useWaterfall(draft);
  const turn = useTurn(id);
  const [asking, setAsking] = useState(false);
  const journey = draft.kind === 'journey';
  const byHand = journey && draft.entry === 'hand';
  const refused = check.data?.findings.some((x) => x.severity === 'refuse' || x.severity === 'error') ?? false;
  return (
    <Card title={t('wizard.step.launch')}>
      <div className="col">
        <dl className="facts">
          {journey && (
            <>
              <dt>{t('journey.entry')}</dt>
              <dd>{t(`journey.entries.${draft.entry}`)}</dd>
            </>
          )}
          {!byHand && (
            <>
              <dt>{t(journey ? 'journey.enterNow' : 'wizard.willGet')}</dt>
              <dd className="strong num">{f.n(query.data?.remaining)}</dd>
            </>
          )}
          <dt>{t('wizard.step.holdout')}</dt>
          <dd className="num">
            {byHand ? f.pct(draft.holdout_share, 0) : `${f.n(query.data?.holdout)} (${f.pct(draft.holdout_share, 0)})`}
          </dd>
          <dt>{t(journey ? 'journey.steps' : 'campaign.waves')}</dt>
          <dd>
            {draft.waves.map((w, i) => (
              <div key={i}>
                {i + 1}. {t(`channel.${w.channel}`)},{' '}
                {w.after_days === 0 || (i === 0 && !journey)
                  ? t('wizard.atOnce')
                  : t('wizard.afterDays', { count: w.after_days })}
                , {t(`wizard.target.${w.target}`)}
                {w.variants.length > 0 && ` (${w.variants.map((v) => v.name).join(' / ')})`}
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
            {t(journey ? 'journey.launch' : 'wizard.launch')}
          </Button>
        </div>
      </div>
      <Modal opened={asking} onClose={() => setAsking(false)} title={t('wizard.askTitle')}>
        <div className="col">
          <p>
            {byHand
              ? t('journey.askByHand')
              : t(journey ? 'journey.askText' : 'wizard.askText', {
                  count: query.data?.remaining ?? 0,
                  n: f.n(query.data?.remaining),
                })}
          </p>
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
              {t(journey ? 'journey.launch' : 'wizard.launch')}
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
