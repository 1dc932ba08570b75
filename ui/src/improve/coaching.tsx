import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { ErrorNote, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { coachingQuery, objectionsQuery, useObjectionName, useTopicName } from './api';
import { EffectTable } from './effect-table';
import { RateCell } from './objections';
import type { Coaching, CoachingAdvice, CoachingCall, CoachingTask } from './types';

/** Who loses talks that the colleagues win, what each operator is to practise, and whether it helped. */
export function CoachingCards() {
  const { t } = useTranslation();
  const coaching = useQuery(coachingQuery);
  return (
    <Loaded query={coaching}>
      {(c) => (
        <>
          <Card title={t('improve.coaching.suggested')}>
            {c.suggested.length === 0 ? (
              <p className="dim">{t('improve.coaching.nobody', { count: c.days })}</p>
            ) : (
              <div className="col">
                {c.suggested.map((a) => (
                  <Advice key={`${a.operator_id}:${a.topic}`} advice={a} days={c.days} />
                ))}
              </div>
            )}
          </Card>
          <Card title={t('improve.coaching.title')}>
            <div className="col">
              {c.items.map((task) => (
                <Task key={task.id} task={task} />
              ))}
              {c.items.length === 0 && <p className="dim">{t('improve.coaching.none')}</p>}
              <Give coaching={c} />
            </div>
          </Card>
        </>
      )}
    </Loaded>
  );
}

function Calls({ calls }: { calls: CoachingCall[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const name = useObjectionName();
  if (calls.length === 0) return null;
  return (
    <details className="small">
      <summary>{t('desk.coachingCalls', { count: calls.length })}</summary>
      <ul className="plain-list col tight">
        {calls.map((c) => (
          <li key={c.id}>
            {f.date(c.at)} · {c.operator ?? t('improve.item.program')} · {c.name} · {word(`outcome.${c.outcome}`)}
            {c.objections.length > 0 && ` · ${c.objections.map(name).join(', ')}`}
            {c.note && <div className="dim">{c.note}</div>}
          </li>
        ))}
      </ul>
    </details>
  );
}

function useGive() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const problem = useProblemText();
  const fresh = () => client.invalidateQueries({ queryKey: ['coaching'] });
  const give = useMutation({
    mutationFn: (body: object) => api.post<CoachingTask>('/api/coaching', body),
    onSuccess: async (task) => {
      await fresh();
      done(t('improve.coaching.given'), () => {
        void api.patch(`/api/coaching/${task.id}`, { state: 'dropped' }).then(fresh);
      });
    },
    onError: (error) => failed(problem(error)),
  });
  return give;
}

function Advice({ advice: a, days }: { advice: CoachingAdvice; days: number }) {
  const { t } = useTranslation();
  const topicName = useTopicName();
  const give = useGive();
  return (
    <section className="lane-item" data-testid={`coach-${a.operator_id}-${a.topic}`}>
      <b>
        {a.operator}: {topicName(a.topic)}
      </b>
      <div>
        {t('improve.coaching.own')} <RateCell rate={a.own} />, {t('improve.coaching.others')}{' '}
        <RateCell rate={a.others} />
      </div>
      <p className="dim small">{t('improve.coaching.why', { count: days })}</p>
      <Calls calls={a.calls} />
      <div>
        {a.task_id ? (
          <span className="pill" data-tone="info">
            {t('improve.coaching.already')}
          </span>
        ) : (
          <Button
            size="compact-md"
            variant="default"
            loading={give.isPending}
            onClick={() => give.mutate({ operator_id: a.operator_id, topic: a.topic, calls: a.calls.map((c) => c.id) })}
          >
            {t('improve.coaching.give')}
          </Button>
        )}
      </div>
    </section>
  );
}

function Task({ task }: { task: CoachingTask }) {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const problem = useProblemText();
  const topicName = useTopicName();
  const change = useMutation({
    mutationFn: (state: 'open' | 'dropped') => api.patch(`/api/coaching/${task.id}`, { state }),
    onSuccess: async (_, state) => {
      await client.invalidateQueries({ queryKey: ['coaching'] });
      if (state === 'dropped') done(t('improve.coaching.dropped'), () => change.mutate('open'));
    },
    onError: (error) => failed(problem(error)),
  });
  const tone = task.state === 'done' ? 'good' : task.overdue ? 'bad' : undefined;
  return (
    <section className="lane-item">
      <div className="row tight wrap">
        <b className="grow">
          {task.operator}: {task.title || topicName(task.topic)}
        </b>
        <span className="pill" data-tone={tone}>
          {task.overdue ? t('improve.overdue') : t(`improve.coaching.state.${task.state}`)}
        </span>
      </div>
      <div className="dim small">
        {topicName(task.topic)} · {t('improve.coaching.givenOn', { day: f.date(task.given_day) })}
        {task.due_day && ` · ${t('improve.board.due', { day: f.date(task.due_day) })}`}
        {task.done_day && ` · ${t('improve.coaching.doneOn', { day: f.date(task.done_day) })}`}
      </div>
      <Calls calls={task.calls} />
      {task.effect && <EffectTable effect={task.effect} />}
      {task.state !== 'done' && (
        <div>
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            loading={change.isPending}
            onClick={() => change.mutate(task.state === 'open' ? 'dropped' : 'open')}
          >
            {task.state === 'open' ? t('improve.coaching.drop') : t('improve.coaching.again')}
          </Button>
        </div>
      )}
    </section>
  );
}

function Give({ coaching }: { coaching: Coaching }) {
  const { t } = useTranslation();
  const give = useGive();
  const library = useQuery(objectionsQuery);
  const topicName = useTopicName();
  const [form, setForm] = useState({ operator_id: '', topic: 'consent', title: '', due_day: '' });
  const set = (to: Partial<typeof form>) => setForm({ ...form, ...to });
  const topics = [
    'consent',
    ...(library.data?.items ?? []).filter((o) => !o.retired).map((o) => `objection:${o.code}`),
  ];
  if (coaching.operators.length === 0) return null;
  return (
    <form
      className="row wrap"
      style={{ alignItems: 'end' }}
      onSubmit={(event) => {
        event.preventDefault();
        give.mutate(form, { onSuccess: () => set({ title: '', due_day: '' }) });
      }}
    >
      <NativeSelect
        label={t('improve.talks.operator')}
        value={form.operator_id}
        onChange={(e) => set({ operator_id: e.currentTarget.value })}
        data={[
          { value: '', label: t('improve.coaching.choose') },
          ...coaching.operators.map((o) => ({ value: o.id, label: o.name })),
        ]}
      />
      <NativeSelect
        label={t('improve.coaching.topic')}
        value={form.topic}
        onChange={(e) => set({ topic: e.currentTarget.value })}
        data={topics.map((value) => ({ value, label: topicName(value) }))}
      />
      <TextInput
        className="grow"
        label={t('improve.item.title')}
        value={form.title}
        maxLength={200}
        onChange={(e) => set({ title: e.target.value })}
      />
      <TextInput
        label={t('improve.item.due_day')}
        type="date"
        value={form.due_day}
        onChange={(e) => set({ due_day: e.target.value })}
      />
      <Button type="submit" disabled={!form.operator_id} loading={give.isPending}>
        {t('improve.coaching.give')}
      </Button>
      {give.error && <ErrorNote error={give.error} />}
    </form>
  );
}
