import { Button } from '@mantine/core';
import { IconBulb, IconPlus, IconSend } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import type { Page } from '~/api/types';
import { useSession } from '~/app/router';
import type { Segment } from '~/audience/api';
import { NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneRows, Empty, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { type Who, WhoPanel } from '~/identity/people-list';
import { listQuestion } from '~/insight/figures';
import { reasonsQuery, useGapName } from './api';
import { BriefCategories } from './brief';
import type { ImprovementCard, Recommendation } from './types';

interface Answer {
  items: Recommendation[];
  idle: Recommendation[];
}

/** Gap → tool, with what of the own data says so; one press starts the campaign or the improvement. */
export function PlaybookPart() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [who, setWho] = useState<Who>();
  const [idle, setIdle] = useState(false);
  const answer = useQuery({
    queryKey: ['recommendations'],
    queryFn: ({ signal }) => api.get<Answer>('/api/recommendations', undefined, signal),
  });
  return (
    <Loaded query={answer} skeleton={<BoneRows rows={8} />}>
      {(a) => (
        <div className="col loose">
          {a.items.length === 0 && (
            <Empty
              icon={<IconBulb size={22} />}
              title={t('improve.playbook.none')}
              action={<Link to="/import">{t('nav.import')}</Link>}
            >
              {t('improve.playbook.noneText')}
            </Empty>
          )}
          <div className="col">
            {a.items.map((r) => (
              <Advice key={r.gap} advice={r} onWho={setWho} />
            ))}
          </div>
          <BriefCategories />
          {a.idle.length > 0 && (
            <Card
              title={t('improve.playbook.rest')}
              aside={
                <Button size="compact-sm" variant="default" aria-expanded={idle} onClick={() => setIdle(!idle)}>
                  {idle ? t('improve.playbook.hide') : t('improve.playbook.show', { count: a.idle.length })}
                </Button>
              }
            >
              {idle && <Rest items={a.idle} />}
            </Card>
          )}
          {who && (
            <WhoPanel
              who={who}
              onClose={() => setWho(undefined)}
              onOpen={(c) => void navigate({ to: '/people/$id', params: { id: c.id } })}
            />
          )}
        </div>
      )}
    </Loaded>
  );
}

function Rest({ items }: { items: Recommendation[] }) {
  const word = useWord();
  const reasons = useQuery(reasonsQuery);
  const gapName = useGapName(reasons.data?.items ?? []);
  return (
    <table className="plain-table">
      <tbody>
        {items.map((r) => (
          <tr key={r.gap}>
            <td>{gapName(r.gap, r.name)}</td>
            <td>{word(`improve.tool.${r.tool}`)}</td>
            <td className="dim">{word(`improve.touchpoint.${r.touchpoint}`)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Advice({ advice: r, onWho }: { advice: Recommendation; onWho: (who: Who) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const navigate = useNavigate();
  const client = useQueryClient();
  const problem = useProblemText();
  const session = useSession();
  const reasons = useQuery(reasonsQuery);
  const gapName = useGapName(reasons.data?.items ?? []);
  const gap = gapName(r.gap, r.name);
  const tool = word(`improve.tool.${r.tool}`);
  const e = r.evidence;
  const campaign = useMutation({
    mutationFn: () => prepared(`${gap}: ${tool}`, r),
    onSuccess: (id) => {
      void client.invalidateQueries({ queryKey: ['segments'] });
      void navigate({
        to: '/campaigns/$id/edit',
        params: { id: 'new' },
        search: {
          segment: id,
          name: tool,
          // First-time buyers come every day: they get a series, not a wave.
          ...(r.gap === 'onboarding' && { kind: 'journey', series: 'onboarding' }),
        },
      });
    },
    onError: (error) => failed(problem(error)),
  });
  const item = useMutation({
    mutationFn: () =>
      api.post<ImprovementCard>('/api/improvements', {
        title: tool,
        lane: r.lane,
        reason: r.gap,
        touchpoint: r.touchpoint,
        metric: r.metric,
        status: 'planned',
      }),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ['improvements'] });
      void client.invalidateQueries({ queryKey: ['recommendations'] });
      done(t('improve.playbook.added'), () => void drop(made.improvement.id));
    },
    onError: (error) => failed(problem(error)),
  });
  const drop = async (id: string) => {
    await api.patch(`/api/improvements/${id}`, { status: 'dropped' });
    await client.invalidateQueries({ queryKey: ['improvements'] });
    await client.invalidateQueries({ queryKey: ['recommendations'] });
  };
  const show = () =>
    onWho({
      title: gap,
      question: e.list
        ? listQuestion(e.list)
        : { key: ['segment-list'], path: '/api/segments/list', body: { rule: e.rule } },
    });
  return (
    <section className="card" data-testid={`advice-${r.gap}`}>
      <header>
        <h2 className="grow">
          {gap} → {tool}
        </h2>
        <span className="pill">{t(`improve.lane.${r.lane}`)}</span>
      </header>
      <div className="col tight">
        <p>
          <button type="button" className="link num" onClick={show}>
            {t('improve.playbook.people', { count: e.customers })}
          </button>{' '}
          {word(`improve.whom.${e.of_whom}`, { n: f.n(e.of) })}: <b className="num">{f.pct(e.share, 0)}</b>{' '}
          <span className="dim num">
            {e.share === null ? NONE : t('figure.between', { low: f.pct(e.low, 0), high: f.pct(e.high, 0) })}
          </span>
        </p>
        <p className="dim">
          {word(`improve.toolText.${r.tool}`)}{' '}
          {t('improve.playbook.watch', { metric: word(`improve.metric.${r.metric}`) })}
        </p>
        <div className="row wrap tight">
          {r.improvement_id ? (
            <Link to="/improve" search={{ tab: 'board', open: r.improvement_id }}>
              {t('improve.playbook.onBoard')}
            </Link>
          ) : (
            r.tool !== 'let_go' && (
              <Button
                size="compact-md"
                variant="default"
                leftSection={<IconPlus size={15} />}
                loading={item.isPending}
                onClick={() => item.mutate()}
              >
                {t('improve.playbook.toBoard')}
              </Button>
            )
          )}
          {r.segment && can(session, 'launch') && (
            <Button
              size="compact-md"
              leftSection={<IconSend size={15} />}
              disabled={r.segment.customers === 0}
              loading={campaign.isPending}
              onClick={() => campaign.mutate()}
            >
              {t(r.gap === 'onboarding' ? 'journey.start' : 'improve.playbook.campaign', {
                count: r.segment.customers,
              })}
            </Button>
          )}
        </div>
      </div>
    </section>
  );
}

/** The saved segment of an advice: the same name and rule are made once. */
async function prepared(name: string, r: Recommendation): Promise<string> {
  const known = await api.get<Page<Segment>>('/api/segments');
  const rule = JSON.stringify(r.segment?.rule);
  const same = known.items.find((s) => JSON.stringify(s.rule) === rule);
  if (same) return same.id;
  const taken = known.items.some((s) => s.name === name);
  const made = await api.post<Segment>('/api/segments', {
    name: taken ? `${name} (${new Date().toISOString().slice(0, 10)})` : name,
    rule: r.segment?.rule,
  });
  return made.id;
}
