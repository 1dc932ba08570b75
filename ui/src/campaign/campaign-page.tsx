import { Button, Menu, Modal, SegmentedControl, Tabs } from '@mantine/core';
import { IconDots, IconDownload, IconPlayerPause, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Navigate, useNavigate, useParams } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { useEvents } from '~/api/events';
import { usePaged } from '~/api/paged';
import type { Campaign, CampaignReport, WaveReport } from '~/api/types';
import { useSession } from '~/app/router';
import { type Bar, Bars, Partition, type Tone } from '~/design/bars';
import { ChartCard } from '~/design/chart';
import { type Column, DataTable } from '~/design/datatable';
import { NONE, useFormat } from '~/design/format';
import { Card, Page } from '~/design/page';
import { Bone, BoneFigures, BoneRows, ErrorNote, Loaded, useProblemText } from '~/design/state';
import { failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { type Who, WhoPanel } from '~/identity/people-list';
import { Variants } from '~/report/variants';
import { campaignQuery, reportQuery, useTurn } from './api';
import { CampaignState, ChannelIcon } from './campaigns-page';
import { EffectBar } from './effect';
import { JourneyCard } from './journey';
import { WavePreview } from './wave-preview';
import './campaign.css';

const FINAL: [string, Tone][] = [
  ['agreed', 'good'],
  ['subscribed', 'accent'],
  ['bought_only', 'info'],
  ['refused', 'bad'],
  ['uncertain', 'wrap'],
  ['silent', 'dim'],
  ['dead', 'warn'],
  ['excluded', 'dim'],
];

const FUNNEL: [keyof WaveReport, Tone][] = [
  ['planned', 'accent'],
  ['held', 'dim'],
  ['sent', 'accent'],
  ['delivered', 'accent'],
  ['bounced', 'bad'],
  ['clicked', 'info'],
  ['positive', 'good'],
  ['negative', 'bad'],
  ['uncertain', 'wrap'],
];

export function CampaignPage() {
  const { id } = useParams({ from: '/inside/campaigns/$id' });
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const client = useQueryClient();
  const campaign = useQuery({ ...campaignQuery(id), enabled: id !== 'new' });
  const live = campaign.data?.state === 'running';
  const [day, setDay] = useState<number>();
  const report = useQuery({ ...reportQuery(id, live, day), enabled: id !== 'new' && campaign.data?.state !== 'draft' });
  const last = useRef(0);
  useEvents(
    [`campaign:${id}`],
    () => {
      // Events come in bursts during a wave; the page needs the sum once a second.
      const now = Date.now();
      if (now - last.current < 1000) return;
      last.current = now;
      void client.invalidateQueries({ queryKey: ['report', id] });
      void client.invalidateQueries({ queryKey: ['campaign', id] });
    },
    id !== 'new',
  );
  if (id === 'new' || campaign.data?.state === 'draft')
    return <Navigate to="/campaigns/$id/edit" params={{ id }} replace />;
  const c = campaign.data;
  return (
    <Page
      title={c?.name ?? t('campaign.one')}
      lead={
        c && (
          <div className="row wrap tight">
            <CampaignState state={c.state} />
            <span>{t('campaign.launchedAt', { at: f.dateTime(c.launched_at) })}</span>
            {report.data?.simulated && (
              <span className="pill" data-tone="warn">
                {t('demo.label')}
              </span>
            )}
          </div>
        )
      }
      actions={c && <Controls campaign={c} />}
    >
      {campaign.error && !c && <ErrorNote error={campaign.error} retry={() => void campaign.refetch()} />}
      {c?.state === 'paused' && c.pause_reason && (
        <div className="note" data-tone="warn">
          {t('campaign.pausedBecause', { reason: word(`pause.${c.pause_reason}`) })}
        </div>
      )}
      <Loaded
        query={report}
        skeleton={
          <div className="col">
            <BoneFigures count={4} />
            <Bone h={240} r={10} />
          </div>
        }
      >
        {(r) => <Report id={id} report={r} campaign={c} day={day} onDay={setDay} />}
      </Loaded>
    </Page>
  );
}

function Report({
  id,
  report: r,
  campaign,
  day,
  onDay,
}: {
  id: string;
  report: CampaignReport;
  campaign?: Campaign;
  day?: number;
  onDay: (day: number | undefined) => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const [who, setWho] = useState<Who>();
  const ask = (title: string, cell: string, wave?: number) =>
    setWho({
      title,
      lead: wave ? t('campaign.waveNo', { n: wave }) : undefined,
      question: { key: ['campaign-people', id], path: `/api/campaigns/${id}/people`, query: { wave, cell, day } },
    });
  const total = Object.values(r.final).reduce((sum, n) => sum + n, 0);
  const parts = FINAL.filter(([key]) => r.final[key] !== undefined).map(([key, tone]) => ({
    key,
    label: t(`final.${key as 'agreed'}`),
    value: r.final[key] ?? 0,
    tone,
    onOpen: () => ask(t(`final.${key as 'agreed'}`), key),
  }));
  return (
    <>
      <div className="main-aside">
        <ChartCard
          title={t('campaign.final')}
          aside={
            <SegmentedControl
              aria-label={t('campaign.asOf')}
              value={day ? String(day) : 'now'}
              onChange={(v) => onDay(v === 'now' ? undefined : Number(v))}
              data={[
                { value: '7', label: t('campaign.afterWeek') },
                { value: 'now', label: t('campaign.now') },
              ]}
            />
          }
          note={t('campaign.finalNote', {
            treated: f.n(total),
            holdout: f.n(r.holdout),
            people: f.n(total + r.holdout),
          })}
          name={`campaign-${id}-final`}
          height={190}
          drawing={<Partition parts={parts} total={total} totalLabel={t('campaign.treated')} />}
          twin={{
            head: [t('campaign.outcome'), t('nav.people'), t('waterfall.share')],
            rows: parts.map((p) => ({
              key: p.key,
              cells: [p.label, p.value, total > 0 ? f.pct(p.value / total) : ''],
              onWho: p.onOpen,
            })),
          }}
        />
        <Card
          title={t('campaign.effect')}
          aside={
            <Link to="/proof" search={{ campaign: id }} className="small">
              {t('nav.proof')}
            </Link>
          }
        >
          {r.effect && r.effect.difference !== null && r.effect.difference !== undefined ? (
            <EffectBar effect={r.effect} />
          ) : (
            <p className="dim">{r.holdout > 0 ? t('campaign.noEffectYet') : t('campaign.noHoldout')}</p>
          )}
          <button type="button" className="link small" onClick={() => ask(t('waterfall.holdout'), 'holdout')}>
            {t('campaign.holdoutPeople', { count: r.holdout, n: f.n(r.holdout) })}
          </button>
        </Card>
      </div>
      {r.journey && <JourneyCard id={id} report={r} places={r.journey} ask={ask} />}
      <Tabs defaultValue="waves" keepMounted={false}>
        <Tabs.List mb={14}>
          <Tabs.Tab value="waves">{t(r.journey ? 'journey.steps' : 'campaign.waves')}</Tabs.Tab>
          <Tabs.Tab value="texts">{t('campaign.texts')}</Tabs.Tab>
          <Tabs.Tab value="ledger">{t('campaign.ledger')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="waves">
          <div className="grid" style={{ ['--min' as string]: '420px' }}>
            {r.waves.map((wave, i) => (
              <Wave
                key={i}
                standing={r.journey !== null}
                wave={wave}
                no={i + 1}
                draft={campaign?.waves[i]}
                ask={ask}
                name={`campaign-${id}-wave-${i + 1}`}
              />
            ))}
          </div>
          <p className="dim small" style={{ marginTop: 10 }}>
            {t('campaign.overlap')}
          </p>
          {r.waves.some((wave) => wave.variants.length > 0) && (
            <div style={{ marginTop: 14 }}>
              <Variants id={id} live={r.state === 'running'} />
            </div>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="texts">
          <div className="grid" style={{ ['--min' as string]: '420px' }}>
            {(campaign?.waves ?? []).map((wave, i) => (
              <div key={i} className="col">
                <h2 className="row tight">
                  <ChannelIcon channel={wave.channel} /> {t('campaign.waveNo', { n: i + 1 })}
                </h2>
                <WavePreview wave={wave} position={i + 1} />
              </div>
            ))}
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="ledger">
          <Ledger id={id} />
        </Tabs.Panel>
      </Tabs>
      {who && (
        <WhoPanel
          who={who}
          onClose={() => setWho(undefined)}
          onOpen={(row) => void navigate({ to: '/people/$id', params: { id: row.id } })}
        />
      )}
    </>
  );
}

function Wave({
  standing,
  wave,
  no,
  draft,
  ask,
  name,
}: {
  /** A step of a journey is open all the time. */
  standing: boolean;
  wave: WaveReport;
  no: number;
  draft?: Campaign['waves'][number];
  ask: (title: string, cell: string, wave?: number) => void;
  name: string;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const reasons = Object.entries(wave.excluded ?? {})
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1]);
  // A call is not sent and delivered: it is made and answered.
  const of = (key: keyof WaveReport) =>
    wave.channel === 'call' ? t(`callFunnel.${key as 'planned'}`) : t(`funnel.${key as 'planned'}`);
  const bars = FUNNEL.filter(([key]) => key === 'planned' || key === 'sent' || (wave[key] as number) > 0).map(
    ([key, tone]) => ({
      key,
      label: of(key),
      value: wave[key] as number,
      // After the sending shares are taken of what was sent.
      of: key === 'planned' || key === 'held' || key === 'sent' ? undefined : wave.sent || undefined,
      tone,
      onOpen: () => ask(of(key), key, no),
    }),
  );
  const excluded = reasons.map(([code, n]) => ({
    key: `excluded:${code}`,
    label: word(`excluded.${code}`),
    value: n,
    tone: 'dim' as const,
    onOpen: () => ask(word(`excluded.${code}`), `excluded:${code}`, no),
  }));
  const lost = reasons.reduce((sum, [, n]) => sum + n, 0);
  const base = wave.planned + lost;
  const candidates = { key: 'base', label: t('funnel.base'), value: base, tone: 'accent' as const, onOpen: undefined };
  const all: Bar[] = lost > 0 ? [candidates, ...excluded, ...bars] : bars;
  const state = wave.state ?? draft?.state;
  const due = wave.due_at ?? draft?.due_at;
  return (
    <ChartCard
      title={`${no}. ${t(`channel.${wave.channel}`)}`}
      name={name}
      aside={
        state && !standing ? (
          <span className="pill" data-tone={state === 'running' ? 'good' : state === 'done' ? 'accent' : undefined}>
            {word(`wave.state.${state}`)}
            {state === 'waiting' && due ? ` · ${f.date(due)}` : ''}
          </span>
        ) : undefined
      }
      height={200}
      drawing={
        base === 0 ? (
          <p className="dim">{due ? t('wave.startsAt', { at: f.dateTime(due) }) : t('wave.notYet')}</p>
        ) : (
          <Bars bars={all} max={base} />
        )
      }
      twin={{
        head: [t('campaign.outcome'), t('nav.people'), t('waterfall.share')],
        rows: all.map((b) => ({
          key: b.key,
          cells: [b.label, b.value, (b.of ?? base) > 0 ? f.pct(b.value / (b.of ?? base)) : ''],
          onWho: b.value > 0 ? b.onOpen : undefined,
        })),
      }}
    />
  );
}

interface LedgerRow {
  id: string;
  customer_id: string;
  channel: string;
  address?: string | null;
  state: string;
  reason?: string | null;
  detail?: string | null;
  sent_at?: string | null;
  due_at?: string | null;
}

/** Each planned contact is one row: what was sent, what was not and why, and what cannot be known. */
function Ledger({ id }: { id: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const navigate = useNavigate();
  const [state, setState] = useState<string>();
  const list = usePaged<LedgerRow>(['ledger'], '/api/ledger', { campaign: id, state });
  const columns: Column<LedgerRow>[] = [
    { key: 'channel', label: t('base.channel'), width: '90px', render: (m) => word(`channel.${m.channel}`) },
    {
      key: 'address',
      label: t('card.contacts'),
      width: 'minmax(150px, 1.4fr)',
      render: (m) => <span>{m.address ?? NONE}</span>,
    },
    {
      key: 'state',
      label: t('import.col.state'),
      width: '130px',
      render: (m) => <span className="pill">{word(`ledger.${m.state}`)}</span>,
    },
    {
      key: 'reason',
      label: t('import.reject.reason'),
      width: 'minmax(140px, 1.4fr)',
      minor: true,
      render: (m) => <span title={m.detail ?? undefined}>{m.reason ? word(`excluded.${m.reason}`) : m.detail}</span>,
    },
    {
      key: 'at',
      label: t('import.col.at'),
      width: '160px',
      align: 'right',
      minor: true,
      render: (m) => f.dateTime(m.sent_at ?? m.due_at),
    },
  ];
  return (
    <div className="col">
      <div className="row wrap tight">
        {[undefined, 'accepted', 'uncertain', 'held', 'rejected', 'excluded', 'planned', 'expired'].map((s) => (
          <Button
            key={s ?? 'all'}
            size="compact-sm"
            variant={s === state ? 'light' : 'subtle'}
            color={s === state ? undefined : 'gray'}
            aria-pressed={s === state}
            onClick={() => setState(s)}
          >
            {s ? word(`ledger.${s}`) : t('ledger.all')}
          </Button>
        ))}
      </div>
      {list.error ? (
        <ErrorNote error={list.error} retry={() => void list.refetch()} />
      ) : list.pending ? (
        <BoneRows rows={8} />
      ) : (
        <DataTable
          label={t('campaign.ledger')}
          columns={columns}
          rows={list.rows ?? []}
          rowKey={(m) => m.id}
          onOpen={(m) => void navigate({ to: '/people/$id', params: { id: m.customer_id } })}
          more={list.more}
          onMore={list.fetchMore}
          height={440}
          empty={
            <p className="dim" style={{ textAlign: 'center' }}>
              {t('people.nobody')}
            </p>
          }
        />
      )}
    </div>
  );
}

function Controls({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const session = useSession();
  const turn = useTurn(campaign.id);
  const problem = useProblemText();
  const [stopping, setStopping] = useState(false);
  const run = (what: 'pause' | 'resume' | 'stop') =>
    turn.mutate(what, { onError: (error) => failed(problem(error)), onSuccess: () => setStopping(false) });
  const may = can(session, 'launch');
  return (
    <>
      {may && campaign.state === 'running' && (
        <Button
          variant="default"
          leftSection={<IconPlayerPause size={16} />}
          loading={turn.isPending}
          onClick={() => run('pause')}
        >
          {t('demo.pause')}
        </Button>
      )}
      {may && campaign.state === 'paused' && (
        <Button leftSection={<IconPlayerPlay size={16} />} loading={turn.isPending} onClick={() => run('resume')}>
          {t('campaign.resume')}
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" px={9} aria-label={t('do.more')}>
            <IconDots size={16} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            component="a"
            href={`/api/campaigns/${campaign.id}/report.csv`}
            download
            leftSection={<IconDownload size={16} />}
          >
            {t('chart.csv')}
          </Menu.Item>
          {may && (campaign.state === 'running' || campaign.state === 'paused') && (
            <Menu.Item color="red" leftSection={<IconPlayerStop size={16} />} onClick={() => setStopping(true)}>
              {t('campaign.stop')}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={stopping} onClose={() => setStopping(false)} title={t('campaign.stopTitle')}>
        <div className="col">
          <p>{t('campaign.stopText')}</p>
          <div className="row">
            <Button color="red" loading={turn.isPending} onClick={() => run('stop')}>
              {t('campaign.stop')}
            </Button>
            <Button variant="default" onClick={() => setStopping(false)}>
              {t('do.cancel')}
            </Button>
          </div>
        </div>
      </Modal>
    </>
  );
}
