import { Button, Modal, Select } from '@mantine/core';
import { IconRoute } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api, newKey } from '~/api/client';
import type { CampaignReport } from '~/api/types';
import { useSession } from '~/app/router';
import { Partition, type Tone } from '~/design/bars';
import { ChartCard } from '~/design/chart';
import { useFormat } from '~/design/format';
import { ErrorNote, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { campaignsQuery } from './api';

const EXITS: [string, Tone][] = [
  ['goal', 'good'],
  ['through', 'info'],
  ['refused', 'bad'],
  ['left', 'warn'],
  ['dead', 'dim'],
];

/** Where everybody is now: waiting for a step, or out of the journey and why. */
export function JourneyCard({
  id,
  report: r,
  places,
  ask,
}: {
  id: string;
  report: CampaignReport;
  places: Record<string, number>;
  ask: (title: string, cell: string) => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const total = Object.values(places).reduce((sum, n) => sum + n, 0);
  const part = (key: string, label: string, tone: Tone) => ({
    key,
    label,
    value: places[key] ?? 0,
    tone,
    onOpen: () => ask(label, `journey.${key}`),
  });
  const parts = [
    ...r.waves.map((wave) =>
      part(
        `step.${wave.number}`,
        t('journey.waits', { n: wave.number, channel: t(`channel.${wave.channel}`) }),
        'accent',
      ),
    ),
    ...EXITS.map(([key, tone]) => part(key, t(`journey.exit.${key as 'goal'}`), tone)),
  ];
  return (
    <ChartCard
      title={t('journey.now')}
      note={t('journey.nowNote')}
      name={`campaign-${id}-journey`}
      height={Math.max(190, parts.length * 24)}
      drawing={<Partition parts={parts} total={total} totalLabel={t('campaign.treated')} />}
      twin={{
        head: [t('journey.place'), t('nav.people'), t('waterfall.share')],
        rows: parts.map((p) => ({
          key: p.key,
          cells: [p.label, p.value, total > 0 ? f.pct(p.value / total) : ''],
          onWho: p.value > 0 ? p.onOpen : undefined,
        })),
      }}
    />
  );
}

interface Entering {
  people: number;
  already: number;
}

/** Sends a segment, or people, into a running journey. Letters follow and cannot be called back, so it asks. */
export function SendToJourney({ whom }: { whom: { segment_id: string } | { customer_ids: string[] } }) {
  const { t } = useTranslation();
  const session = useSession();
  const [open, setOpen] = useState(false);
  if (!can(session, 'launch')) return null;
  return (
    <>
      <Button variant="default" leftSection={<IconRoute size={16} />} onClick={() => setOpen(true)}>
        {t('journey.send')}
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={t('journey.send')}>
        <SendForm whom={whom} onClose={() => setOpen(false)} />
      </Modal>
    </>
  );
}

function SendForm({
  whom,
  onClose,
}: {
  whom: { segment_id: string } | { customer_ids: string[] };
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const problem = useProblemText();
  const [key] = useState(newKey);
  const campaigns = useQuery(campaignsQuery);
  const open = (campaigns.data?.items ?? []).filter(
    (c) => c.kind === 'journey' && (c.state === 'running' || c.state === 'paused'),
  );
  const [chosen, setChosen] = useState<string | null>(null);
  const journey = chosen ?? open[0]?.id;
  const preview = useQuery({
    queryKey: ['journey-enter', journey, whom],
    enabled: journey !== undefined,
    staleTime: 0,
    queryFn: ({ signal }) => api.post<Entering>(`/api/campaigns/${journey}/enter/preview`, whom, { signal }),
  });
  const send = useMutation({
    mutationFn: () => api.post<Entering>(`/api/campaigns/${journey}/enter`, whom, { idempotencyKey: key }),
    onSuccess: (told) => {
      void client.invalidateQueries({ queryKey: ['campaigns'] });
      void client.invalidateQueries({ queryKey: ['report', journey] });
      done(t('journey.sent', { count: told.people - told.already, n: f.n(told.people - told.already) }));
      onClose();
    },
    onError: (error) => failed(problem(error)),
  });
  if (campaigns.data && open.length === 0)
    return (
      <div className="col">
        <p>{t('journey.noneOpen')}</p>
        <Link to="/campaigns/$id/edit" params={{ id: 'new' }} search={{ kind: 'journey' }}>
          {t('journey.new')}
        </Link>
      </div>
    );
  const fresh = preview.data && preview.data.people - preview.data.already;
  return (
    <div className="col">
      <Select
        label={t('journey.one')}
        data={open.map((c) => ({ value: c.id, label: c.name }))}
        value={journey ?? null}
        onChange={setChosen}
      />
      {preview.error && <ErrorNote error={preview.error} />}
      {preview.data && fresh !== undefined && (
        <p>
          {t('journey.sendText', { count: fresh, n: f.n(fresh) })}
          {preview.data.already > 0 && ` ${t('journey.already', { n: f.n(preview.data.already) })}`}
        </p>
      )}
      <div className="row">
        <Button disabled={!fresh} loading={send.isPending} onClick={() => send.mutate()}>
          {t('journey.send')}
        </Button>
        <Button variant="default" onClick={onClose}>
          {t('do.cancel')}
        </Button>
      </div>
    </div>
  );
}
