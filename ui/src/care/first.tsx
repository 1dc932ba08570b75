import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { usePaged } from '~/api/paged';
import { useSession } from '~/app/router';
import { FigureTile } from '~/design/figure';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { SidePanel } from '~/design/panel';
import { BoneFigures, BoneRows, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { firstQuery } from './api';
import { Groups, RateCell } from './groups';
import { Period, useSpan } from './period';
import type { CareItem, FirstContact } from './types';

interface Asked {
  cell: string;
  channel?: string;
  owner?: string;
}

/** Solved at first contact, by channel and owner, and whether those customers stayed. */
export function FirstPart() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const report = useQuery(firstQuery(useSpan()));
  const [asked, setAsked] = useState<Asked>();
  const open = (cell: string) => () => setAsked({ cell });
  return (
    <div className="col loose">
      <div className="row wrap">
        <Period />
      </div>
      <Loaded query={report} skeleton={<BoneFigures count={4} />}>
        {(r) => {
          const { total } = r;
          return (
            <>
              <div className="figures">
                <FigureTile
                  label={t('care.first.solved')}
                  value={f.pct(total.solved.rate, 0)}
                  sub={`${total.solved.x} / ${total.solved.n} · ${f.pct(total.solved.low, 0)}–${f.pct(total.solved.high, 0)}`}
                  onOpen={open('measured')}
                />
                <FigureTile label={t('care.verdict.repeated')} value={f.n(total.repeated)} onOpen={open('repeated')} />
                <FigureTile
                  label={t('care.verdict.unhandled')}
                  value={f.n(total.unhandled)}
                  onOpen={open('unhandled')}
                />
                <FigureTile
                  label={t('care.first.said')}
                  value={f.pct(total.said.rate, 0)}
                  sub={`${total.said.x} / ${total.said.n}`}
                  onOpen={open('said')}
                />
              </div>
              <p className="dim small">{t('care.first.method', { days: r.repeat_days })}</p>
              <p className="row wrap tight small">
                {(['again', 'pending', 'unknown'] as const).map((cell) => (
                  <Button key={cell} variant="default" size="compact-xs" onClick={open(cell)}>
                    {t(`care.verdict.${cell}`)}: {f.n(r[cell])}
                  </Button>
                ))}
              </p>
              <Card title={t('care.first.churn')}>
                <Groups groups={r.groups} of="contacts" />
              </Card>
              <Card title={t('care.first.byChannel')}>
                <Rows
                  rows={r.by_channel}
                  name={(row) => word(`care.channel.${row.key}`)}
                  onOpen={(row, cell) => setAsked({ cell, channel: row.key })}
                />
              </Card>
              <Card title={t('care.first.byOwner')}>
                <Rows
                  rows={r.by_owner}
                  name={(row) => row.name || t('improve.board.nobody')}
                  onOpen={(row, cell) => setAsked({ cell, owner: row.key || 'none' })}
                />
              </Card>
            </>
          );
        }}
      </Loaded>
      {asked && <Contacts asked={asked} onClose={() => setAsked(undefined)} />}
    </div>
  );
}

function Rows({
  rows,
  name,
  onOpen,
}: {
  rows: FirstContact[];
  name: (row: FirstContact) => string;
  onOpen: (row: FirstContact, cell: string) => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const cell = (row: FirstContact, which: string, n: number) => (
    <Button variant="subtle" size="compact-xs" disabled={n === 0} onClick={() => onOpen(row, which)}>
      {f.n(n)}
    </Button>
  );
  return (
    <div className="care-scroll">
      <table className="plain-table">
        <thead>
          <tr>
            <th>{t('care.groups.group')}</th>
            <th className="n">{t('care.verdict.measured')}</th>
            <th className="n">{t('care.verdict.solved')}</th>
            <th className="n">{t('care.verdict.repeated')}</th>
            <th className="n">{t('care.verdict.unhandled')}</th>
            <th>{t('care.first.solved')}</th>
            <th>{t('care.first.said')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <td>{name(row)}</td>
              <td className="n">{cell(row, 'measured', row.solved.n)}</td>
              <td className="n">{cell(row, 'solved', row.solved.x)}</td>
              <td className="n">{cell(row, 'repeated', row.repeated)}</td>
              <td className="n">{cell(row, 'unhandled', row.unhandled)}</td>
              <td>
                <RateCell rate={row.solved} />
              </td>
              <td>
                <RateCell rate={row.said} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Contacts({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const session = useSession();
  const span = useSpan();
  const list = usePaged<{ item: CareItem; verdict: string }>(['care', 'contacts'], '/api/contacts', {
    ...span,
    ...asked,
  });
  return (
    <SidePanel wide title={word(`care.verdict.${asked.cell}`)} onClose={onClose}>
      {list.pending && <BoneRows />}
      <table className="plain-table">
        <tbody>
          {(list.rows ?? []).map(({ item, verdict }) => (
            <tr key={item.id}>
              <td className="nowrap">{f.date(item.came_at)}</td>
              <td>
                {can(session, 'care') ? (
                  <Link to="/inbox" search={{ open: item.id }}>
                    {item.name || t('care.item.stranger')}
                  </Link>
                ) : (
                  item.name
                )}
              </td>
              <td>{item.topic && word(`care.topic.${item.topic}`)}</td>
              <td>
                <span className="pill">{word(`care.verdict.${verdict}`)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {list.more && (
        <Button variant="default" size="compact-sm" onClick={list.fetchMore}>
          {t('do.more')}
        </Button>
      )}
    </SidePanel>
  );
}
