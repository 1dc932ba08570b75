import { Button, Select } from '@mantine/core';
import { IconMessageQuestion, IconPencil } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { usePaged } from '~/api/paged';
import type { LangCode } from '~/api/types';
import { useSession } from '~/app/router';
import { useCells } from '~/design/cells';
import { ExportMenu } from '~/design/chart';
import { type Column, DataTable } from '~/design/datatable';
import { NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { SidePanel } from '~/design/panel';
import { BoneFigures, BoneRows, Empty, ErrorNote, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { objectionReportQuery, objectionsQuery, useObjectionName } from './api';
import { CoachingCards } from './coaching';
import { LibraryPanel } from './library';
import type { HeardTalk, ObjectionFigures, ObjectionReport, Rate } from './types';

type Ask = (title: string, question: Record<string, string | undefined>) => void;

/** What customers object, what comes of those talks, and whom to coach on what. */
export function ObjectionsPart() {
  const { t, i18n } = useTranslation();
  const f = useFormat();
  const session = useSession();
  const mayEdit = can(session, 'unmask');
  const [campaign, setCampaign] = useState('all');
  const [asked, setAsked] = useState<{ title: string; question: Record<string, string | undefined> }>();
  const [editing, setEditing] = useState(false);
  const report = useQuery(objectionReportQuery(campaign));
  const library = useQuery(objectionsQuery);
  const lang = i18n.language as LangCode;
  const ask: Ask = (title, question) => setAsked({ title, question });
  return (
    <Loaded query={report} skeleton={<BoneFigures count={4} />}>
      {(r) => (
        <div className="col loose">
          <div className="row wrap">
            <Select
              label={t('improve.plan.campaign')}
              value={campaign}
              data={[
                { value: 'all', label: t('improve.plan.allCalls') },
                ...r.campaigns.map((c) => ({ value: c.id, label: c.name })),
              ]}
              onChange={(value) => setCampaign(value ?? 'all')}
              allowDeselect={false}
              w={320}
            />
            <span className="grow" />
            {mayEdit && (
              <Button variant="default" leftSection={<IconPencil size={16} />} onClick={() => setEditing(true)}>
                {t('improve.objections.library')}
              </Button>
            )}
          </div>
          <Card
            title={t('improve.objections.title')}
            aside={
              <>
                <button
                  type="button"
                  className="link num small"
                  onClick={() => ask(t('improve.objections.all'), { campaign })}
                >
                  {t('improve.objections.talks', { count: r.talks, n: f.n(r.talks) })}
                </button>
                <ReportFile report={r} />
              </>
            }
          >
            {r.talks === 0 ? (
              <Empty
                icon={<IconMessageQuestion size={22} />}
                title={t('improve.objections.none')}
                action={<Link to="/calls">{t('nav.calls')}</Link>}
              >
                {t('improve.objections.noneText')}
              </Empty>
            ) : (
              <ReportTable report={r} campaign={campaign} ask={ask} />
            )}
            <p className="dim small">{t('improve.objections.note', { count: r.window_days })}</p>
          </Card>
          {mayEdit && <CoachingCards />}
          {asked && (
            <TalksPanel
              title={asked.title}
              question={{ campaign, ...asked.question }}
              onClose={() => setAsked(undefined)}
            />
          )}
          {editing && library.data && (
            <LibraryPanel items={library.data.items} lang={lang} onClose={() => setEditing(false)} />
          )}
        </div>
      )}
    </Loaded>
  );
}

/** A share with its interval; the numerator opens its talks. */
export function RateCell({ rate, onOpen }: { rate: Rate; onOpen?: () => void }) {
  const f = useFormat();
  const { t } = useTranslation();
  if (rate.value === null) return <span className="dim">{NONE}</span>;
  const text = <b className="num">{f.pct(rate.value, 0)}</b>;
  return (
    <>
      {onOpen && rate.numerator > 0 ? (
        <button type="button" className="link" onClick={onOpen}>
          {text}
        </button>
      ) : (
        text
      )}{' '}
      <span className="dim small num nowrap">
        {f.n(rate.numerator)} ÷ {f.n(rate.denominator)} ·{' '}
        {t('figure.between', { low: f.pct(rate.low, 0), high: f.pct(rate.high, 0) })}
      </span>
    </>
  );
}

function ReportTable({ report, campaign, ask }: { report: ObjectionReport; campaign: string; ask: Ask }) {
  const { t } = useTranslation();
  const f = useFormat();
  const name = useObjectionName();
  const [open, setOpen] = useState<string>();
  return (
    <div className="scroll-x">
      <table className="plain-table">
        <thead>
          <tr>
            <th>{t('improve.objections.one')}</th>
            <th className="n">{t('improve.objections.raised')}</th>
            <th>{t('improve.kpi.consent')}</th>
            <th>{t('improve.objections.without')}</th>
            <th>{t('improve.kpi.contact_sale')}</th>
          </tr>
        </thead>
        <tbody>
          {report.items.map((o) => {
            const title = name(o.code);
            const question = { campaign, objection: o.code };
            return (
              <Fragment key={o.code}>
                <tr>
                  <td>
                    <button
                      type="button"
                      className="link strong"
                      aria-expanded={open === o.code}
                      disabled={o.raised === 0}
                      onClick={() => setOpen(open === o.code ? undefined : o.code)}
                    >
                      {title}
                    </button>
                  </td>
                  <td className="n">
                    <button
                      type="button"
                      className="link num"
                      disabled={o.raised === 0}
                      onClick={() => ask(title, question)}
                    >
                      {f.n(o.raised)}
                    </button>
                  </td>
                  <td>
                    <RateCell rate={o.rates.consent} onOpen={() => ask(title, { ...question, part: 'agreed' })} />
                  </td>
                  <td>
                    <RateCell
                      rate={o.without.consent}
                      onOpen={() =>
                        ask(t('improve.objections.withoutOne', { name: title }), {
                          ...question,
                          side: 'without',
                          part: 'agreed',
                        })
                      }
                    />
                  </td>
                  <td>
                    <RateCell rate={o.rates.sale} onOpen={() => ask(title, { ...question, part: 'bought' })} />
                  </td>
                </tr>
                {open === o.code && <Split of={o} title={title} question={question} ask={ask} />}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** By script and by operator, the same columns. */
function Split({
  of,
  title,
  question,
  ask,
}: {
  of: ObjectionFigures;
  title: string;
  question: Record<string, string>;
  ask: Ask;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const rows = [
    ...of.operators.map((o) => ({
      key: o.operator_id,
      label: o.operator ?? t('improve.item.program'),
      rates: o.rates,
      beside: o.others,
      verdict: o.difference.verdict,
      question: { ...question, operator: o.operator_id } as Record<string, string | undefined>,
      others: { ...question, operator: o.operator_id, others: 'true', part: 'agreed' } as Record<string, string>,
    })),
    ...of.scripts.map((s) => ({
      key: `${s.wave_id}:${s.variant}`,
      label: [s.campaign, s.name && t('improve.objections.script', { name: s.name })].filter(Boolean).join(' · '),
      rates: s.rates,
      beside: undefined,
      verdict: undefined,
      question: { ...question, wave: s.wave_id, variant: s.variant === null ? undefined : String(s.variant) },
      others: undefined,
    })),
  ];
  return rows.map((r) => (
    <tr key={r.key} className="sub-row">
      <td>
        {r.label}{' '}
        {r.verdict && r.verdict !== 'unclear' && r.verdict !== 'scarce' && (
          <span className="pill" data-tone={r.verdict === 'better' ? 'good' : 'bad'}>
            {word(`improve.objections.than.${r.verdict}`)}
          </span>
        )}
      </td>
      <td className="n">
        <button type="button" className="link num" onClick={() => ask(`${title}: ${r.label}`, r.question)}>
          {f.n(r.rates.consent.denominator)}
        </button>
      </td>
      <td>
        <RateCell
          rate={r.rates.consent}
          onOpen={() => ask(`${title}: ${r.label}`, { ...r.question, part: 'agreed' })}
        />
      </td>
      <td>
        {r.beside && (
          <>
            <span className="dim small">{t('improve.objections.others')}</span>{' '}
            <RateCell
              rate={r.beside}
              onOpen={() => r.others && ask(`${title}: ${t('improve.objections.others')}`, r.others)}
            />
          </>
        )}
      </td>
      <td>
        <RateCell rate={r.rates.sale} onOpen={() => ask(`${title}: ${r.label}`, { ...r.question, part: 'bought' })} />
      </td>
    </tr>
  ));
}

function ReportFile({ report }: { report: ObjectionReport }) {
  const { t } = useTranslation();
  const cells = useCells();
  const name = useObjectionName();
  return (
    <ExportMenu
      name="objections"
      twin={{
        head: [
          t('improve.objections.one'),
          t('improve.objections.raised'),
          t('improve.kpi.consent'),
          t('improve.low'),
          t('improve.high'),
          t('improve.objections.without'),
          t('improve.kpi.contact_sale'),
        ],
        rows: report.items.map((o) => ({
          key: o.code,
          cells: [
            name(o.code),
            o.raised,
            cells.pct(o.rates.consent.value),
            cells.pct(o.rates.consent.low),
            cells.pct(o.rates.consent.high),
            cells.pct(o.without.consent.value),
            cells.pct(o.rates.sale.value),
          ],
        })),
      }}
    />
  );
}

/** The talks behind a figure. */
function TalksPanel({
  title,
  question,
  onClose,
}: {
  title: string;
  question: Record<string, string | undefined>;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const name = useObjectionName();
  const navigate = useNavigate();
  const list = usePaged<HeardTalk>(['objection-calls'], '/api/objections/calls', question);
  const columns: Column<HeardTalk>[] = [
    {
      key: 'name',
      label: t('people.col.name'),
      width: 'minmax(120px, 1.3fr)',
      render: (c) => <span className="strong">{c.name || t('people.unnamed')}</span>,
    },
    {
      key: 'outcome',
      label: t('desk.outcome'),
      width: 'minmax(90px, 0.9fr)',
      render: (c) => word(`outcome.${c.outcome}`),
    },
    {
      key: 'objections',
      label: t('desk.objections'),
      width: 'minmax(110px, 1.4fr)',
      minor: true,
      render: (c) => c.objections.map(name).join(', ') || NONE,
    },
    {
      key: 'operator',
      label: t('improve.talks.operator'),
      width: 'minmax(90px, 1fr)',
      minor: true,
      render: (c) => c.operator ?? NONE,
    },
    { key: 'at', label: t('improve.plan.talk'), width: '118px', align: 'right', render: (c) => f.date(c.at) },
    {
      key: 'order',
      label: t('improve.plan.order'),
      width: 'minmax(80px, 0.8fr)',
      align: 'right',
      minor: true,
      render: (c) => (c.amount ? f.money(c.amount.minor, c.amount.currency) : NONE),
    },
  ];
  return (
    <SidePanel wide title={title} onClose={onClose}>
      {list.error && !list.rows ? (
        <ErrorNote error={list.error} retry={() => void list.refetch()} />
      ) : list.pending ? (
        <BoneRows rows={12} />
      ) : (
        <DataTable
          label={title}
          columns={columns}
          rows={list.rows ?? []}
          rowKey={(c) => c.id}
          onOpen={(c) => void navigate({ to: '/people/$id', params: { id: c.customer_id } })}
          more={list.more}
          onMore={list.fetchMore}
          empty={<Empty title={t('improve.plan.noCalls')} />}
        />
      )}
    </SidePanel>
  );
}
