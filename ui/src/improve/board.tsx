import { Button, SegmentedControl } from '@mantine/core';
import { IconClipboardList, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { useSession } from '~/app/router';
import { useFormat } from '~/design/format';
import { BoneRows, Empty, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { boardQuery, reasonsQuery, useGapName } from './api';
import { effectValue } from './effect-table';
import { ItemPanel } from './item';
import { type Improvement, LANES, type Lane } from './types';

const STATUS_TONE: Record<string, string | undefined> = { planned: 'info', doing: 'accent', done: 'good' };
const VERDICT_TONE: Record<string, string | undefined> = { better: 'good', worse: 'bad' };

/** Three lines of strategy: product, service, novelties. */
export function BoardPart() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const session = useSession();
  const mayEdit = can(session, 'unmask');
  const { open } = useSearch({ from: '/inside/improve' });
  const [which, setWhich] = useState<'open' | 'all'>('open');
  const [adding, setAdding] = useState<Lane>();
  const board = useQuery(boardQuery);
  const show = (id?: string) => void navigate({ to: '/improve', search: { tab: 'board', open: id }, replace: true });
  return (
    <Loaded query={board} skeleton={<BoneRows rows={10} />}>
      {(b) => {
        const shown = b.items.filter((i) => which === 'all' || i.status !== 'dropped');
        return (
          <div className="col loose">
            <div className="row wrap">
              <SegmentedControl
                aria-label={t('improve.board.which')}
                value={which}
                onChange={(v) => setWhich(v as 'open' | 'all')}
                data={[
                  { value: 'open', label: t('improve.board.open') },
                  { value: 'all', label: t('improve.board.all') },
                ]}
              />
              <span className="grow" />
              {mayEdit && (
                <Button leftSection={<IconPlus size={16} />} onClick={() => setAdding('service')}>
                  {t('improve.board.add')}
                </Button>
              )}
            </div>
            {b.items.length === 0 && (
              <Empty
                icon={<IconClipboardList size={22} />}
                title={t('improve.board.none')}
                action={
                  mayEdit && (
                    <Link to="/improve" search={{ tab: 'playbook' }}>
                      {t('improve.tab.playbook')}
                    </Link>
                  )
                }
              >
                {t('improve.board.noneText')}
              </Empty>
            )}
            <div className="lanes">
              {LANES.map((lane) => (
                <section key={lane} className="lane" aria-label={t(`improve.lane.${lane}`)}>
                  <h2>
                    {t(`improve.lane.${lane}`)}{' '}
                    <span className="dim num">{shown.filter((i) => i.lane === lane).length}</span>
                  </h2>
                  {shown
                    .filter((i) => i.lane === lane)
                    .map((i) => (
                      <Item key={i.id} item={i} onOpen={() => show(i.id)} />
                    ))}
                </section>
              ))}
            </div>
            {adding && <ItemPanel lane={adding} board={b} onClose={() => setAdding(undefined)} onMade={show} />}
            {open && !adding && <ItemPanel key={open} id={open} board={b} onClose={() => show()} onMade={show} />}
          </div>
        );
      }}
    </Loaded>
  );
}

function Item({ item, onOpen }: { item: Improvement; onOpen: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const { currency } = useSession().workspace;
  const reasons = useQuery(reasonsQuery);
  const gapName = useGapName(reasons.data?.items ?? []);
  const e = item.effect;
  return (
    <button type="button" className="lane-item" onClick={onOpen}>
      <span className="strong">{item.title}</span>
      <span className="small dim">
        {gapName(item.reason)}
        {item.touchpoint && ` → ${word(`improve.touchpoint.${item.touchpoint}`)}`}
      </span>
      <span className="row tight wrap small">
        <span className="pill" data-tone={STATUS_TONE[item.status]}>
          {t(`improve.itemStatus.${item.status}`)}
        </span>
        <span>{item.owner ?? t('improve.board.nobody')}</span>
        {item.due_day && (
          <span className={item.overdue ? 'bad' : 'dim'}>{t('improve.board.due', { day: f.date(item.due_day) })}</span>
        )}
      </span>
      {e && (
        <span className="row tight wrap small num">
          <span className="dim">{word(`improve.metric.${e.metric}`)}</span>
          {effectValue(f, e, e.before.value, currency)} → {effectValue(f, e, e.after.value, currency)}
          <span className="pill" data-tone={VERDICT_TONE[e.change.verdict]}>
            {word(`improve.verdict.${e.change.verdict}`)}
          </span>
        </span>
      )}
    </button>
  );
}
